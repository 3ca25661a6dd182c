// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The base-to-new protocol: tune on some classes, then test on them and on new classes.

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/concepts.hpp>
#include <mao/core/detail/image_calls.hpp>
#include <mao/evaluation/metrics.hpp>
#include <mao/tuner/checkpoint.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

namespace mao {

/// One half of a data set. The sources must outlive the run.
struct TaskHalf {
  ClassList classes;
  ImageSource* train = nullptr;
  std::vector<std::int64_t> train_labels;  ///< unused in the new half: MAO labels those images itself
  ImageSource* test = nullptr;
  std::vector<std::int64_t> test_labels;
};

/// The images of a half. **Throws** `OptionError` that names a missing source.
inline ImageSource& train_of(const TaskHalf& half) { return *not_null(half.train, "TaskHalf::train"); }
inline ImageSource& test_of(const TaskHalf& half) { return *not_null(half.test, "TaskHalf::test"); }

/// Base and new half.
struct BaseToNewTask {
  TaskHalf base, fresh;
};

/// Accuracies in percent.
struct Scores {
  double base = 0, fresh = 0;
  [[nodiscard]] double h() const { return harmonic_mean(base, fresh); }
};

/// The result of a run, under both protocols.
struct BaseToNewResult {
  Scores paper;         ///< Base with the prompts of the base stage, New with those of the new stage
  Scores single;        ///< both with the new-stage prompts
  Scores first;         ///< both before the new stage: the method without MAO, or only MAO's base stage
  Metrics base, fresh;  ///< of the paper protocol, in full
  std::vector<std::int64_t> base_winners, fresh_winners;  ///< the predicted class of each test image, as in `paper`
  std::vector<FitResult> trainings;                       ///< of each stage, in order
};

/// The stages of a run, and the folder for their state.
struct BaseToNewOptions {
  std::optional<PlainOptions> plain;       ///< the method without MAO,
  std::optional<MaoBaseOptions> mao_base;  ///< or MAO's base stage,
  std::optional<MaoNewOptions> mao_new;    ///< followed by its new stage
  bool test_new = true;                    ///< false for prompts that cannot be bound to other classes; New is then NaN
  std::filesystem::path folder;            ///< for checkpoints and prompts; if empty, none are written
  PromptInfo info;                         ///< written into them; the classes are filled in
  Observer observer;                       ///< `before_save` is also called before prompts are put in place
  std::function<void(const std::string&)> on_stage;  ///< called with "plain", "base", "new" or "test"
};

namespace detail {

/// **Throws** `OptionError` before any training if a stage needs images that are missing.
void expect_images(const BaseToNewTask& task, const BaseToNewOptions& options);

template <class TunerT, class BackboneT>
FitResult run_step(TunerT& tuner, BackboneT& backbone, ImageSource& images, const std::string& stage,
                   const ClassList& first_classes, const BaseToNewOptions& options) {
  if (options.on_stage) options.on_stage(stage);
  if (options.folder.empty()) return tuner.fit(images, options.observer);
  PromptInfo info = options.info;
  info.classes = backbone.classes();
  info.first_classes = first_classes;
  const auto result =
      fit_with_checkpoints(tuner, images, options.folder / (stage + ".checkpoint.safetensors"), info, options.observer);
  if (result == FitResult::Finished && is_first(tuner.options().workers.get())) {
    const auto file = options.folder / (stage + ".prompts.safetensors");
    save_backbone(file, backbone, info, options.observer.before_save);
  }
  return result;
}

}  // namespace detail

/// The tuner of each stage, by what it is made of: `plain`, `mao_base`, `mao_new`.
struct UsualTuners {
  template <class BackboneT>
  auto operator()(BackboneT& backbone, const TaskHalf& base, const PlainOptions& options) const {
    return plain(backbone, base.classes, base.train_labels, options);
  }
  template <class BackboneT, class SimilarityT>
  auto operator()(BackboneT& backbone, const TaskHalf& base, const SimilarityT& similarity,
                  const MaoBaseOptions& options) const {
    return mao_base(backbone, base.classes, base.train_labels, similarity, options);
  }
  template <class BackboneT, class LabelerT>
  auto operator()(BackboneT& backbone, const TaskHalf& fresh, LabelerT labeler, const MaoNewOptions& options) const {
    const std::int64_t count = count_of(train_of(fresh), {.name = "new stage"});
    return mao_new(backbone, fresh.classes, count, std::move(labeler), options);
  }
};

namespace detail {

/// The tuner that `make` returns for these arguments; if it does not take them, the usual tuner.
template <class MakeT, class... Parts>
auto tuner_by(MakeT& make, Parts&&... parts) {
  if constexpr (std::invocable<MakeT&, Parts...>) {
    return make(std::forward<Parts>(parts)...);
  } else {
    return UsualTuners()(std::forward<Parts>(parts)...);
  }
}

}  // namespace detail

/// The predicted class of each test image of a half, among its classes. The backbone is bound to them during the call,
/// and its binding is restored, so that training may continue. **Shape** [N].
template <Backbone BackboneT>
std::vector<std::int64_t> winners_on(BackboneT& backbone, const TaskHalf& half) {
  return winners(predict_logits(backbone, half.classes, test_of(half)));
}

/// Accuracy of a backbone on the test images of a half, among its classes. The backbone does not change.
template <Backbone BackboneT>
Metrics test_on(BackboneT& backbone, const TaskHalf& half) {
  return measure(winners_on(backbone, half), half.test_labels, half.classes);
}

/// Binds `backbone` to the base classes, trains it, and tests both halves. Training continues from what the backbone
/// has learned: make a new backbone for a new run. Before any training, it binds the new classes once, so a name that
/// is too long is refused early. `similarity` ranks hard negatives; `make_labeler` is called once, between the stages,
/// to make the pseudo-labeller for the new classes. For your own policies, pass `make_tuner`: it is called with the
/// arguments of one or more members of `UsualTuners`, and replaces those.
///
/// Nothing is returned if `observer.should_stop` stopped the training; with a folder, the next call resumes it.
template <Backbone BackboneT, TextSimilarity SimilarityT, class MakeLabelerT, class MakeTunerT = UsualTuners>
std::optional<BaseToNewResult> run_base_to_new(BackboneT& backbone, const BaseToNewTask& task,
                                               const SimilarityT& similarity, MakeLabelerT&& make_labeler,
                                               const BaseToNewOptions& options, MakeTunerT&& make_tuner = {}) {
  require<OptionError>(options.plain.has_value() != options.mao_base.has_value(),
                       "run_base_to_new: choose either the plain method or MAO's base stage");
  require<OptionError>(options.test_new || !options.mao_new,
                       "run_base_to_new: the new stage needs prompts that can be bound to the new classes");
  const auto stage = [&](const char* name) {
    if (options.on_stage) options.on_stage(name);
  };
  detail::expect_images(task, options);
  bind_to(backbone, task.base.classes, "run_base_to_new");
  if (options.test_new) const BoundFor holds_them(backbone, task.fresh.classes);
  BaseToNewResult result;
  const auto trained = [&](auto& tuner, const char* name, ImageSource& images) {
    result.trainings.push_back(detail::run_step(tuner, backbone, images, name, task.base.classes, options));
    return result.trainings.back() == FitResult::Finished;
  };
  if (options.plain) {
    auto tuner = detail::tuner_by(make_tuner, backbone, task.base, *options.plain);
    if (!trained(tuner, "plain", train_of(task.base))) return std::nullopt;
  } else {
    auto tuner = detail::tuner_by(make_tuner, backbone, task.base, similarity, *options.mao_base);
    if (!trained(tuner, "base", train_of(task.base))) return std::nullopt;
  }
  stage("test");
  result.base_winners = winners_on(backbone, task.base);
  result.base = measure(result.base_winners, task.base.test_labels, task.base.classes);
  if (!options.test_new) {
    result.paper = result.single = result.first = {result.base.accuracy, std::numeric_limits<double>::quiet_NaN()};
    return result;
  }
  const auto test_fresh = [&] {
    result.fresh_winners = winners_on(backbone, task.fresh);
    result.fresh = measure(result.fresh_winners, task.fresh.test_labels, task.fresh.classes);
  };
  test_fresh();
  result.first = {result.base.accuracy, result.fresh.accuracy};
  if (options.mao_new) {
    const BoundFor labelled(backbone, task.fresh.classes);  // a labeller may be made of the backbone as it is
    auto tuner = detail::tuner_by(make_tuner, backbone, task.fresh, make_labeler(backbone), *options.mao_new);
    if (!trained(tuner, "new", train_of(task.fresh))) return std::nullopt;
    stage("test");
    test_fresh();
  }
  result.paper = {result.base.accuracy, result.fresh.accuracy};
  result.single = {options.mao_new ? test_on(backbone, task.base).accuracy : result.base.accuracy,
                   result.fresh.accuracy};
  return result;
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/evaluation/impl/base_to_new.ipp>
#endif
