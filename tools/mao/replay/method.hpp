// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Replays the training of any method: the library's own tuner on the batches of the trace, compared after every step.

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

#include <mao/backbones/detail/compare.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/prompt_tuner.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "replay/report.hpp"
#include "replay/trace.hpp"

namespace mao_program::replay {

/// How far the parts of a method's trace may be off; the defaults are those of golden/README.md.
struct MethodTolerances {
  Tolerance first_logits = absolute(5e-5);
  Tolerance logits = absolute(3e-4);
  Tolerance loss = absolute(1e-4);
  Tolerance gradient = relative(1e-4);
  Tolerance parameter = absolute(5e-6);
  Tolerance feature = relative(5e-5);
  Tolerance learning_rate = relative(1e-9);
};

/// What differs from method to method.
struct MethodOptions {
  MethodTolerances tolerances{};
  std::string loss_key = "loss";    ///< of loss_summary in trace.json
  bool start_is_known = false;      ///< the backbone starts where the reference does (text init), so compare that too
  bool targets_are_labels = true;   ///< the first cross entropy's targets are the batch's labels
  bool column_an_image = false;     ///< the trace's logits have a column for each image's label, repeats included
  bool features_are_output = true;  ///< step0_features are what the output holds, before normalisation
  double temperature = 1;           ///< of the log-probabilities that stand in for logits in traces of distillation
  std::set<std::string> without_meaning{};  ///< parameters whose true gradient is 0, so that noise would be compared
  mao::TensorMap in_place_of{};             ///< for entries of steps.safetensors; an undefined one takes the entry out
};

/// Images in memory in two views: each batch is asked for twice, first view first.
class ImagePairs : public mao::TensorImages {
 public:
  ImagePairs(mao::Tensor first, mao::Tensor second) : mao::TensorImages(std::move(first)), second_(std::move(second)) {}
  mao::ImageBatch load(const std::vector<mao::View>& views) override {
    const bool again = std::exchange(again_, !again_);
    return again ? second_.load(views) : mao::TensorImages::load(views);
  }

 private:
  mao::TensorImages second_;
  bool again_ = false;
};

/// A `Sampler` whose epochs are given: the batches of the trace, `per_epoch` at a time.
class FixedBatches {
 public:
  FixedBatches(const std::vector<StepBatch>& steps, std::int64_t per_epoch) {
    std::int64_t image = 0;
    for (const StepBatch& step : steps) {
      mao::Batch batch{.images = {}, .labels = step.labels, .weights = {}};
      for (std::int64_t i = 0; i < step.images.size(0); ++i) batch.images.push_back(image++);
      if (epochs_.empty() || static_cast<std::int64_t>(epochs_.back().size()) == per_epoch) epochs_.emplace_back();
      epochs_.back().push_back(std::move(batch));
    }
  }

  std::vector<mao::Batch> epoch(mao::Rng&) {
    return done_ < epochs_.size() ? epochs_[done_++] : std::vector<mao::Batch>();
  }

 private:
  std::vector<std::vector<mao::Batch>> epochs_;
  std::size_t done_ = 0;
};

/// A `Regularizer` that keeps what the loss was computed from.
template <mao::Regularizer RegularizerT>
class Recorded {
 public:
  explicit Recorded(RegularizerT regularizer = {}) : regularizer_(std::move(regularizer)) {}
  [[nodiscard]] mao::Candidates candidates(const mao::Batch& batch, const mao::ClassList& classes) const {
    return regularizer_.candidates(batch, classes);
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    *output_ = output;
    return regularizer_(output, batch);
  }

  /// The output of the last step.
  [[nodiscard]] std::shared_ptr<const mao::Output> output() const { return output_; }

 private:
  RegularizerT regularizer_;
  std::shared_ptr<mao::Output> output_ = std::make_shared<mao::Output>();
};

/// Compares one step after the other. **Throws** `FormatError` where the trace lacks what is compared.
class StepComparison {
 public:
  StepComparison(const Trace& trace, const MethodOptions& options, Report& report);

  /// After step `step`: its rate, loss, logits, and each parameter with the gradient that moved it.
  void step(std::int64_t step, const mao::StepReport& done, const std::vector<std::int64_t>& labels,
            const mao::Output& output, const mao::ParameterList& parameters);

 private:
  void compare_rates(const nlohmann::json& wanted, const mao::StepReport& done, const mao::ParameterList& parameters,
                     const std::string& where);
  void compare_logits(std::int64_t step, const std::vector<std::int64_t>& labels, const mao::Output& output,
                      const std::string& where);
  void compare_gradient(const std::string& key, const mao::Parameter& parameter, const std::string& where);
  void compare_features(const mao::Output& output);

  const MethodOptions& options_;
  Report& report_;
  mao::TensorMap steps_, features_;
  nlohmann::json trace_;
  AnySchedule schedule_;
};

/// All images of the steps, in two views where the method compares them. **Throws** `FormatError` where there is one.
std::unique_ptr<mao::ImageSource> source_of(const std::vector<StepBatch>& steps, bool two_views);

/// The tensors of `file` without those that the reference lists as trained and never uses, as KgCoOp's `meta_net`: no
/// step has a gradient for them, and `ours` does not know them. Each must stay where it started.
mao::TensorMap used_tensors(const Trace& trace, const std::string& file, const mao::ParameterList& ours,
                            Report& report);

/// Puts the values of `file` into parameters. **Throws** when a name or a shape differs.
void load_parameters(mao::ParameterList parameters, const mao::TensorMap& values, const std::string& file);

/// Compares parameters by name, both ways: none too few, none too many.
void compare_parameters(const mao::ParameterList& parameters, const mao::TensorMap& expected,
                        const std::string& quantity, Tolerance tolerance, Report& report);

/// Trains `backbone` (bound to the trace's classes) on `steps` and compares everything that the trace has.
template <mao::Backbone BackboneT, mao::Regularizer RegularizerT = mao::CrossEntropy>
void replay_method(const Trace& trace, BackboneT& backbone, const std::vector<StepBatch>& steps,
                   const MethodOptions& options, Report& report, RegularizerT regularizer = {}) {
  const auto initial = used_tensors(trace, "init.safetensors", backbone.parameters(), report);
  const auto learned = used_tensors(trace, "final.safetensors", backbone.parameters(), report);
  if (options.start_is_known) compare_parameters(backbone.parameters(), initial, "start", absolute(1e-6), report);
  load_parameters(backbone.parameters(), initial, "init.safetensors");

  const bool two_views = mao::traits_of(backbone).two_views;  // a second view is asked for where views are augmented
  const auto images = source_of(steps, two_views);
  StepComparison comparison(trace, options, report);
  const Recorded<RegularizerT> recorded(std::move(regularizer));
  const auto total = trace.config<std::int64_t>("T");
  const auto& progress = trace.settings().progress;
  if (progress) progress(0, total);
  std::int64_t done = 0;
  mao::Observer observer;
  observer.on_step = [&](const mao::StepReport& step) {
    const auto& labels = steps.at(static_cast<std::size_t>(done)).labels;
    comparison.step(done++, step, labels, *recorded.output(), backbone.parameters());
    if (progress) progress(done, total);
  };
  auto tuner = mao::PromptTuner(
      backbone, FixedBatches(steps, trace.config<std::int64_t>("batches_per_epoch")), recorded, trace.schedule(),
      mao::TunerOptions{.augment = two_views, .optimizer = trace.optimizer(), .name = trace.trainer()});
  tuner.fit(*images, observer);
  report.exact("steps", done == total, mao::text_of(done, " steps were run"));

  const auto limit = options.tolerances;
  compare_parameters(backbone.parameters(), learned, "final", limit.parameter, report);
  const auto given = trace.batches();
  mao::TensorImages test(entry(given, "eval_images", "batches.safetensors"));
  report.compare("evaluation logits", mao::predict_logits(backbone, backbone.classes(), test),
                 entry(trace.tensors("eval.safetensors"), "logits", "eval.safetensors"), limit.logits);
  if (!trace.has("eval_new.safetensors")) return;
  backbone.bind(mao::ClassList{trace.config<std::vector<std::string>>("new_classnames"), mao::SameNames::accept});
  report.compare("evaluation logits, new classes", mao::predict_logits(backbone, backbone.classes(), test),
                 entry(trace.tensors("eval_new.safetensors"), "logits", "eval_new.safetensors"), limit.logits);
  compare_parameters(backbone.parameters(), learned, "after binding new classes", limit.parameter, report);
}

}  // namespace mao_program::replay
