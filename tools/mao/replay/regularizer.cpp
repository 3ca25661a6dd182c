// SPDX-License-Identifier: Apache-2.0
/// \file
/// reg-B by itself: loss, logits and gradients of given features.

#include <cmath>
#include <cstdlib>
#include <set>

#include <ATen/ops/tensor.h>

#include <mao/backbones/detail/compare.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using mao::AlterableRegularizer;

/// The scale as a number, or written as "exp(ln(1/0.07))".
double logit_scale(const nlohmann::json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  const std::string start = "exp(ln(1/";
  const double divisor = text.starts_with(start) ? std::atof(text.c_str() + start.size()) : 0;
  mao::require<mao::FormatError>(divisor > 0, "logit_scale is \"", text,
                                 "\", expected a number or \"exp(ln(1/0.07))\"");
  return 1.0 / divisor;
}

/// Loss, logits and gradients of one reading of the candidate set.
struct Outcome {
  mao::Tensor loss, logits, image_gradient, text_gradient;

  Outcome(const mao::TensorMap& given, const std::string& name, double scale, AlterableRegularizer::Columns columns) {
    const std::string file = "regB.safetensors";
    const auto image = mao::parameter(entry(given, name + ".image", file)),
               text = mao::parameter(entry(given, name + ".text", file));
    const mao::Batch batch{.images = {}, .labels = integers(entry(given, name + ".labels", file)), .weights = {}};
    const AlterableRegularizer regularizer({.task = AlterableRegularizer::Task::Base, .columns = columns});
    mao::ClassList classes;
    for (std::int64_t i = 0; i < text.size(0); ++i) classes.names.push_back("class " + std::to_string(i));
    const auto candidates = regularizer.candidates(batch, classes);
    const auto rows = text.index_select(0, at::tensor(candidates.ids));
    const auto output = mao::compare(mao::unit_rows(image), mao::unit_rows(rows), scale, candidates);
    loss = regularizer(output, batch);
    loss.backward();
    logits = output.logits.index_select(1, at::tensor(mao::columns_of(batch.labels, candidates)));
    image_gradient = image.grad();
    text_gradient = text.grad();
  }
};

void compare_case(const mao::TensorMap& given, const std::string& name, double scale, Report& report) {
  const std::string file = "regB.safetensors";
  const auto& limit = relative(1e-4);
  const Outcome released(given, name, scale, AlterableRegularizer::Columns::PerImage);
  report.compare(name + ": loss", released.loss.view({1}), entry(given, name + ".loss", file).view({1}),
                 absolute(5e-5));
  report.compare(name + ": logits", released.logits, entry(given, name + ".logits", file), absolute(5e-5));
  report.compare(name + ": gradient of the image features", released.image_gradient,
                 entry(given, name + ".grad_image", file), limit);
  report.compare(name + ": gradient of the text features", released.text_gradient,
                 entry(given, name + ".grad_text", file), limit);
  const auto labels = integers(entry(given, name + ".labels", file));
  if (std::set<std::int64_t>(labels.begin(), labels.end()).size() == labels.size()) {
    const Outcome paper(given, name, scale, AlterableRegularizer::Columns::Distinct);
    report.compare(name + ": loss, one column a class", paper.loss, released.loss, absolute(1e-6));
    report.compare(name + ": text gradient, one column a class", paper.text_gradient, released.text_gradient,
                   relative(1e-6));
  }
  for (const auto& [key, value] : given) {
    if (key.starts_with(name + ".") && key.ends_with("_dpc"))
      report.skip(key, "DPC's symmetric loss is not part of reg-B");
  }
}

}  // namespace

void replay_regularizer(const Trace& trace, Report& report) {
  const auto given = trace.tensors("regB.safetensors");
  const double scale = logit_scale(trace.config<nlohmann::json>("logit_scale"));
  const auto cases = trace.config<nlohmann::json>("cases");
  for (const auto& [name, value] : cases.items()) compare_case(given, name, scale, report);
}

}  // namespace mao_program::replay
