// SPDX-License-Identifier: Apache-2.0
#include "method.hpp"

#include <algorithm>

#include <ATen/core/grad_mode.h>

namespace mao_program::replay {

using mao::FormatError;
using mao::require;

StepComparison::StepComparison(const Trace& trace, const MethodOptions& options, Report& report)
    : options_(options), report_(report), steps_(trace.tensors("steps.safetensors")), trace_(trace.json("trace.json")) {
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
  for (const double rate : wanted.at("lr")) {
    report_.compare("learning rate", done.learning_rate, rate, limit.learning_rate, where);
  }
  if (step == 0) compare_features(output);
  if (const auto target = steps_.find(prefix + "call0.cross_entropy.target");
      target != steps_.end() && options_.targets_are_labels) {
    report_.exact("labels", integers(target->second) == labels,
                  "the labels of " + where + " are not those of the trace");
  }
  report_.compare(step == 0 ? "logits, step 0" : "logits, later steps", output.logits,
                  entry(steps_, prefix + "logits", "steps.safetensors"), step == 0 ? limit.first_logits : limit.logits,
                  where);
  if (wanted.at("loss_summary").contains(options_.loss_key)) {
    report_.compare("loss", done.loss, wanted.at("loss_summary").at(options_.loss_key).get<double>(), limit.loss,
                    where);
  } else {
    report_.skip("loss", "trace.json has no loss_summary." + options_.loss_key);
  }
  for (const mao::Parameter& parameter : parameters) {
    compare_gradient(prefix + "grad." + parameter.name, parameter, where);
    report_.compare(parameter.name + " after each step", parameter.value,
                    entry(steps_, prefix + "param." + parameter.name, "steps.safetensors"), limit.parameter, where);
  }
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
  if (output.text.dim() == 2)
    return report_.compare("text features, step 0", output.text, mao::unit_rows(text->second), limit);
  for (std::int64_t b = 0; b < output.text.size(0); ++b) {
    const auto& expected = entry(features_, "text_encoder." + std::to_string(b), "step0_features.safetensors");
    report_.compare("text features, step 0", output.text.select(0, b), mao::unit_rows(expected), limit,
                    "image " + std::to_string(b));
  }
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
    if (!known) report.exact(quantity + ": names", false, name + " is in the trace alone");
  }
}

}  // namespace mao_program::replay
