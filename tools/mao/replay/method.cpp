// SPDX-License-Identifier: Apache-2.0
#include "replay/method.hpp"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

namespace mao_program::replay {

using mao::FormatError;
using mao::require;

StepComparison::StepComparison(const Trace& trace, const MethodOptions& options, Report& report)
    : options_(options),
      report_(report),
      steps_(trace.tensors("steps.safetensors")),
      trace_(trace.json("trace.json")),
      schedule_(trace.schedule()) {
  const auto expected = trace.config<std::size_t>("T");
  require<FormatError>(trace_.is_array() && trace_.size() == expected, trace.folder().string(), ": trace.json has ",
                       trace_.size(), " steps, config.json says T = ", expected);
  if (trace.has("step0_features.safetensors")) features_ = trace.tensors("step0_features.safetensors");
}

void StepComparison::step(std::int64_t step, const mao::StepReport& done, const std::vector<std::int64_t>& labels,
                          const mao::Output& output, const mao::ParameterList& parameters) {
  const std::string prefix = "step" + std::to_string(step) + ".", where = "step " + std::to_string(step);
  const auto& limit = options_.tolerances;
  const auto& wanted = trace_.at(static_cast<std::size_t>(step));
  compare_rates(wanted.at("lr"), done, parameters, where);
  if (step == 0 && options_.features_are_output) compare_features(output);
  if (const auto target = steps_.find(prefix + "call0.cross_entropy.target");
      target != steps_.end() && options_.targets_are_labels) {
    report_.exact("labels", integers(target->second) == labels,
                  "the labels of " + where + " are not those of the trace");
  }
  compare_logits(step, labels, output, where);
  if (wanted.at("loss_summary").contains(options_.loss_key)) {
    report_.compare("loss", done.loss, wanted.at("loss_summary").at(options_.loss_key).get<double>(), limit.loss,
                    where);
  } else {
    report_.skip("loss", "trace.json has no loss_summary." + options_.loss_key);
  }
  for (const mao::Parameter& parameter : parameters) {
    compare_gradient(prefix + "grad." + parameter.name, parameter, where);
    const std::string key = prefix + "param." + parameter.name;
    if (const auto other = options_.in_place_of.find(key); other != options_.in_place_of.end()) {
      if (!other->second.defined()) continue;
      steps_[key] = other->second;
    }
    report_.compare(parameter.name + " after each step", parameter.value, entry(steps_, key, "steps.safetensors"),
                    limit.parameter, where);
  }
}

/// Parameters of one `Parameter::rate` are a group of the reference's optimiser; groups come in order of appearance.
void StepComparison::compare_rates(const nlohmann::json& wanted, const mao::StepReport& done,
                                   const mao::ParameterList& parameters, const std::string& where) {
  std::vector<double> groups;
  for (const mao::Parameter& parameter : parameters) {
    if (std::find(groups.begin(), groups.end(), parameter.rate) == groups.end()) groups.push_back(parameter.rate);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double multiple = groups.size() == wanted.size() ? groups[i] : 1;
    report_.compare("learning rate", mao::learning_rate_of(schedule_, done.epoch, multiple), wanted[i].get<double>(),
                    options_.tolerances.learning_rate, where);
  }
}

void StepComparison::compare_logits(std::int64_t step, const std::vector<std::int64_t>& labels,
                                    const mao::Output& output, const std::string& where) {
  const std::string prefix = "step" + std::to_string(step) + ".", name = step == 0 ? "step 0" : "later steps";
  const Tolerance limit = step == 0 ? options_.tolerances.first_logits : options_.tolerances.logits;
  const auto soft = steps_.find(prefix + "call0.kl_div.input");
  if (!steps_.contains(prefix + "logits") && soft != steps_.end()) {
    const mao::Tensor actual = (output.logits / options_.temperature).log_softmax(1);
    return report_.compare("log-probabilities, " + name, actual, soft->second, limit, where);
  }
  mao::Tensor actual = output.logits;
  if (options_.column_an_image) {
    actual = actual.index_select(1, at::tensor(mao::columns_of(labels, output.candidates)));
  }
  report_.compare("logits, " + name, actual, entry(steps_, prefix + "logits", "steps.safetensors"), limit, where);
}

void StepComparison::compare_gradient(const std::string& key, const mao::Parameter& parameter,
                                      const std::string& where) {
  const std::string quantity = "gradient of " + parameter.name;
  if (options_.without_meaning.contains(parameter.name)) return report_.skip(quantity, "its true value is 0");
  const bool in_neither = !steps_.contains(key) && !parameter.value.grad().defined();
  if (in_neither) return report_.skip(quantity, "there is none in " + where + ", here and in the trace");
  report_.compare(quantity, parameter.value.grad(), entry(steps_, key, "steps.safetensors"),
                  options_.tolerances.gradient, where);
}

void StepComparison::compare_features(const mao::Output& output) {
  const auto limit = options_.tolerances.feature;
  if (const auto image = features_.find("image_encoder.0"); image != features_.end()) {
    report_.compare("image features, step 0", output.image, mao::unit_rows(image->second), limit);
  }
  const auto text = features_.find("text_encoder.0");
  if (text == features_.end()) return;
  if (output.text.dim() == 2) {
    const mao::Tensor rows = text->second.index_select(0, at::tensor(output.candidates.ids));
    return report_.compare("text features, step 0", output.text, mao::unit_rows(rows), limit);
  }
  for (std::int64_t b = 0; b < output.text.size(0); ++b) {
    const auto& expected = entry(features_, "text_encoder." + std::to_string(b), "step0_features.safetensors");
    report_.compare("text features, step 0", output.text.select(0, b), mao::unit_rows(expected), limit,
                    "image " + std::to_string(b));
  }
}

std::unique_ptr<mao::ImageSource> source_of(const std::vector<StepBatch>& steps, bool two_views) {
  std::vector<mao::Tensor> first, second;
  for (const StepBatch& step : steps) {
    first.push_back(step.images);
    if (!two_views) continue;
    require<FormatError>(step.second.defined(), "batches.safetensors has no images2, the second views of its images");
    second.push_back(step.second);
  }
  if (!two_views) return std::make_unique<mao::TensorImages>(at::cat(first));
  return std::make_unique<ImagePairs>(at::cat(first), at::cat(second));
}

mao::TensorMap used_tensors(const Trace& trace, const std::string& file, const mao::ParameterList& ours,
                            Report& report) {
  const auto initial = trace.tensors("init.safetensors"), steps = trace.tensors("steps.safetensors");
  mao::TensorMap used = trace.tensors(file);
  for (const auto& tensor : trace.tensors(file)) {
    const std::string& name = tensor.first;
    const bool known = std::any_of(ours.begin(), ours.end(), [&](const mao::Parameter& p) { return p.name == name; });
    const bool has_gradient = std::any_of(steps.begin(), steps.end(),
                                          [&](const auto& part) { return part.first.ends_with(".grad." + name); });
    if (known || has_gradient) continue;
    report.compare(name + ", which the reference does not use", tensor.second, entry(initial, name, "init.safetensors"),
                   absolute(1e-6));
    used.erase(name);
  }
  return used;
}

void load_parameters(mao::ParameterList parameters, const mao::TensorMap& values, const std::string& file) {
  const at::NoGradGuard no_graph;
  require<FormatError>(parameters.size() == values.size(), file, " has ", values.size(),
                       " tensors, the backbone trains ", parameters.size());
  for (mao::Parameter& parameter : parameters) {
    const mao::Tensor& value = entry(values, parameter.name, file);
    mao::expect_shape(value, parameter.value.sizes(), file + ": " + parameter.name);
    parameter.value.copy_(value);
  }
}

void compare_parameters(const mao::ParameterList& parameters, const mao::TensorMap& expected,
                        const std::string& quantity, Tolerance tolerance, Report& report) {
  for (const mao::Parameter& parameter : parameters) {
    const auto found = expected.find(parameter.name);
    if (found == expected.end()) {
      report.exact(quantity + ": names", false, parameter.name + " is not in the trace");
    } else {
      report.compare(parameter.name + ", " + quantity, parameter.value, found->second, tolerance);
    }
  }
  for (const auto& [name, value] : expected) {
    const bool known =
        std::any_of(parameters.begin(), parameters.end(), [&](const mao::Parameter& p) { return p.name == name; });
    if (!known) report.exact(quantity + ": names", false, name + " is only in the trace");
  }
}

}  // namespace mao_program::replay
