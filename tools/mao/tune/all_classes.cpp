// SPDX-License-Identifier: Apache-2.0
#include "tune/all_classes.hpp"

#include <algorithm>
#include <functional>
#include <iomanip>
#include <sstream>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>

#include <mao/tuner/fit_gate.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "tune/results.hpp"

namespace mao_program {

namespace {

/// Unit features of the evaluation view of every image. **Shape** [N, D], on the CPU.
Tensor frozen_features(const OpenedModel& opened, ImageSource& images) {
  const at::NoGradGuard frozen;
  const StepPlace place{.name = "gate between the halves"};
  const auto batches = evaluation_views(count_of(images, place), 100);
  announce_to(images, batches, place);
  std::vector<Tensor> parts;
  for (const auto& views : batches) {
    parts.push_back(frozen_image_features(*opened.model, load_from(images, views, place)).cpu());
  }
  return at::cat(parts);
}

/// Log-probability of each half, whose classes are the first `base` columns and the others. **Shape** [N, 2].
Tensor half_masses(const Tensor& logits, std::int64_t base) {
  const auto mass = [&](std::int64_t first, std::int64_t count) {
    return at::logsumexp(logits.narrow(1, first, count), 1);
  };
  return at::log_softmax(at::stack({mass(0, base), mass(base, logits.size(1) - base)}, 1), 1);
}

Prompts prompts_of(AnyBackbone& backbone, PromptInfo info, const ClassList& classes) {
  info.classes = classes;
  Prompts prompts{.info = std::move(info), .tensors = {}};
  for (const Parameter& parameter : backbone.parameters()) {
    prompts.tensors[parameter.name] = parameter.value.detach().cpu().clone();
  }
  for (const auto& [name, value] : backbone.buffers()) prompts.tensors[name] = value.detach().cpu().clone();
  return prompts;
}

}  // namespace

nlohmann::json all_class_figures(const Tensor& logits, std::vector<std::int64_t> labels, std::int64_t base_classes) {
  const auto found = measure_all_classes(best_of_halves(as_matrix(logits), std::move(labels), base_classes));
  return {{"accuracy", found.accuracy},           {"base", found.base},  {"new", found.fresh}, {"h", found.h},
          {"openworld_auc", found.openworld_auc}, {"ausuc", found.ausuc}};
}

AllClassesTest::AllClassesTest(const OpenedModel& opened, const RunSettings& settings, const BaseToNewTask& task)
    : opened_(opened),
      settings_(settings),
      task_(&task),
      all_(mao::detail::joined_list({task.base.classes, task.fresh.classes})) {}

template <Backbone BackboneT>
Tensor AllClassesTest::logits_over(BackboneT& backbone, const ClassList& classes) const {
  return at::cat({predict_logits(backbone, classes, test_of(task_->base)),
                  predict_logits(backbone, classes, test_of(task_->fresh))});
}

/// Where class features do not depend on the other classes, logits of some are columns of those of all.
Tensor AllClassesTest::own_logits(AnyBackbone& backbone, const Tensor& over_all, const TaskHalf& half) const {
  const BackboneTraits traits = backbone.traits();
  const std::int64_t base = task_->base.classes.size();
  if (!traits.class_features || traits.scores_itself || traits.needs_all_classes) {
    return logits_over(backbone, half.classes);
  }
  return half.classes == task_->base.classes ? over_all.narrow(1, 0, base)
                                             : over_all.narrow(1, base, over_all.size(1) - base);
}

const Tensor& AllClassesTest::untuned() {
  if (!untuned_.defined()) {
    auto model = make_zero_shot(opened_, all_, settings_.method, settings_.data.data);
    untuned_ = logits_over(model, all_);
  }
  return untuned_;
}

nlohmann::json AllClassesTest::figures(const Tensor& logits) const {
  std::vector<std::int64_t> labels = task_->base.test_labels;
  for (const std::int64_t label : task_->fresh.test_labels) labels.push_back(label + task_->base.classes.size());
  return all_class_figures(logits, std::move(labels), task_->base.classes.size());
}

nlohmann::json AllClassesTest::zero_shot() { return figures(untuned()); }

JoinedGate AllClassesTest::learned_gate(bool new_stage, const std::function<void(const std::string&)>& note) const {
  if (!new_stage) return {};
  ImageSource &base = train_of(task_->base), &fresh = train_of(task_->fresh);
  if (std::min(base.size(), fresh.size()) < GateFitOptions().folds) {
    note("gate between base and new: too few training images to learn it; the untuned model decides");
    return {};
  }
  const Tensor features = at::cat({frozen_features(opened_, base), frozen_features(opened_, fresh)});
  GateImages images{.features = as_matrix(features), .groups = {}, .masses = {}};
  images.groups.assign(static_cast<std::size_t>(base.size()), 0);
  images.groups.insert(images.groups.end(), static_cast<std::size_t>(fresh.size()), 1);
  auto untuned = make_zero_shot(opened_, all_, settings_.method, settings_.data.data);
  const Tensor logits = at::cat({predict_logits(untuned, all_, base), predict_logits(untuned, all_, fresh)});
  images.masses.push_back(as_matrix(half_masses(logits, task_->base.classes.size())));
  const GateFit fit = fit_gate(images);
  std::ostringstream line;
  line << std::fixed << std::setprecision(1) << "gate between base and new: right for " << fit.held_out
       << " % of the training images that were left out (penalty " << std::defaultfloat << fit.penalty
       << ", share of the untuned model " << std::fixed << std::setprecision(2) << fit.shares.front() << ")";
  note(line.str());
  LinearGateTensors linear(fit);
  return {.weight = std::move(linear.weight), .bias = std::move(linear.bias), .share = fit.shares.front()};
}

nlohmann::json AllClassesTest::tuned(AnyBackbone& after_base, AnyBackbone& final, bool mao_base, bool new_stage,
                                     const JoinedGate& gate) {
  const Tensor by_base = logits_over(after_base, all_);
  nlohmann::json found{{mao_base ? "base" : "plain", figures(by_base)}};
  const Tensor base = own_logits(after_base, by_base, task_->base);
  Tensor fresh = untuned().narrow(1, base.size(1), all_.size() - base.size(1));
  if (new_stage) {
    const Tensor by_new = logits_over(final, all_);
    found["new"] = figures(by_new);
    fresh = own_logits(final, by_new, task_->fresh);
  }
  found["joined"] = figures(at::cat({base, fresh}, 1));
  Tensor scores = half_masses(untuned(), base.size(1)) * gate.share;
  if (gate.weight.defined()) {
    const Tensor features =
        at::cat({frozen_features(opened_, test_of(task_->base)), frozen_features(opened_, test_of(task_->fresh))});
    scores = scores + at::matmul(features, gate.weight.t()) + gate.bias;
  }
  const Tensor of_half = at::log_softmax(scores, 1);
  found["gated"] = figures(at::cat(
      {at::log_softmax(base, 1) + of_half.narrow(1, 0, 1), at::log_softmax(fresh, 1) + of_half.narrow(1, 1, 1)}, 1));
  return found;
}

JoinedPrompts joined_prompts(AnyBackbone& after_base, AnyBackbone& final, const BaseToNewTask& task, bool new_stage,
                             const PromptInfo& info, JoinedGate gate) {
  PromptInfo of_group = info;
  of_group.first_classes = task.base.classes;
  JoinedPrompts joined{.groups = {{"base", prompts_of(after_base, of_group, task.base.classes)}},
                       .gate = std::move(gate)};
  if (new_stage) {
    joined.groups.push_back({"new", prompts_of(final, of_group, task.fresh.classes)});
  } else {
    of_group.method = "zero-shot";
    of_group.classes = of_group.first_classes = task.fresh.classes;
    joined.groups.push_back({"new", {.info = of_group, .tensors = {}}});
  }
  return joined;
}

}  // namespace mao_program
