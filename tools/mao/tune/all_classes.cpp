// SPDX-License-Identifier: Apache-2.0
#include "tune/all_classes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>

#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "tune/learn_gate.hpp"
#include "tune/results.hpp"

namespace mao_program {

namespace {

nlohmann::json as_json(const AllClassMetrics& found) {
  return {{"accuracy", found.accuracy},           {"base", found.base},  {"new", found.fresh}, {"h", found.h},
          {"openworld_auc", found.openworld_auc}, {"ausuc", found.ausuc}};
}

/// At most this many points of a curve are kept: enough for a picture.
constexpr std::size_t curve_points = 101;

nlohmann::json details_of(const BestOfHalves& best) {
  nlohmann::json points = nlohmann::json::array();
  const std::vector<BiasPoint> curve = bias_curve(best);
  const std::size_t kept = std::min(curve.size(), curve_points);
  for (std::size_t i = 0; i < kept; ++i) {
    const BiasPoint& point = curve[kept == 1 ? 0 : i * (curve.size() - 1) / (kept - 1)];
    points.push_back({point.base, point.fresh});
  }
  std::int64_t taken[2][2] = {};
  for (std::size_t image = 0; image < best.labels.size(); ++image) {
    ++taken[best.of_base(image) ? 0 : 1][best.winner(image) < best.base_classes ? 0 : 1];
  }
  return {{"curve", std::move(points)}, {"halves", {{taken[0][0], taken[0][1]}, {taken[1][0], taken[1][1]}}}};
}

}  // namespace

nlohmann::json all_class_figures(const Tensor& logits, std::vector<std::int64_t> labels, std::int64_t base_classes) {
  return as_json(measure_all_classes(best_of_halves(as_matrix(logits), std::move(labels), base_classes)));
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

nlohmann::json AllClassesTest::figures(const std::string& classifier, const Tensor& logits) {
  std::vector<std::int64_t> labels = task_->base.test_labels;
  for (const std::int64_t label : task_->fresh.test_labels) labels.push_back(label + task_->base.classes.size());
  const BestOfHalves best = best_of_halves(as_matrix(logits), std::move(labels), task_->base.classes.size());
  details_[classifier] = details_of(best);
  return as_json(measure_all_classes(best));
}

nlohmann::json AllClassesTest::zero_shot() { return figures("zero_shot", untuned()); }

JoinedGate AllClassesTest::learned_gate(bool new_stage, const std::function<void(const std::string&)>& note) const {
  if (!new_stage) return {};
  return learn_gate(opened_, settings_,
                    {.before = {&train_of(task_->base)},
                     .last = &train_of(task_->fresh),
                     .classes_before = task_->base.classes,
                     .classes_last = task_->fresh.classes},
                    {.between = "base and new", .proportions = {}}, note);
}

nlohmann::json AllClassesTest::tuned(AnyBackbone& after_base, AnyBackbone& final, bool mao_base, bool new_stage,
                                     const JoinedGate& gate) {
  const Tensor by_base = logits_over(after_base, all_);
  nlohmann::json found;
  found[mao_base ? "base" : "plain"] = figures(mao_base ? "base" : "plain", by_base);
  figures("zero_shot", untuned());
  const Tensor base = own_logits(after_base, by_base, task_->base);
  Tensor fresh = untuned().narrow(1, base.size(1), all_.size() - base.size(1));
  if (new_stage) {
    const Tensor by_new = logits_over(final, all_);
    found["new"] = figures("new", by_new);
    fresh = own_logits(final, by_new, task_->fresh);
  }
  found["joined"] = figures("joined", at::cat({base, fresh}, 1));
  Tensor scores = half_masses(untuned(), base.size(1)) * gate.share;
  if (gate.weight.defined()) {
    const Tensor features =
        at::cat({unit_features(opened_, test_of(task_->base)), unit_features(opened_, test_of(task_->fresh))});
    scores = scores + at::matmul(features, gate.weight.t()) + gate.bias;
  }
  const Tensor of_half = at::log_softmax(scores, 1);
  found["gated"] = figures("gated", at::cat({at::log_softmax(base, 1) + of_half.narrow(1, 0, 1),
                                             at::log_softmax(fresh, 1) + of_half.narrow(1, 1, 1)},
                                            1));
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
