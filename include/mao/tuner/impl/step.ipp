// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/step.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include <mao/config.hpp>
#include <mao/data/class_key.hpp>
#include <mao/tuner/detail/outputs.hpp>

namespace mao::detail {

MAO_INLINE TrainingStep::TrainingStep(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies,
                                      TunerOptions options)
    : backbone_(std::move(backbone)),
      policies_(std::move(policies)),
      options_(std::move(options)),
      classes_(backbone_->classes()),
      optimizer_(grouped(parameters({.name = options_.name}), options_.groups, options_.name), options_.optimizer,
                 options_.own_optimizer),
      gathered_(options_.accumulate) {
  require<OptionError>(std::isfinite(options_.clip_norm) && options_.clip_norm >= 0, options_.name,
                       ": clip_norm = ", options_.clip_norm, ", expected a length above 0, or 0 for any");
  require<OptionError>(classes_.size() > 0, options_.name,
                       ": the backbone is bound to no class; bind it to those "
                       "that the labels are positions in before the tuner is made");
  check_class_names(classes_, options_.name + ": the backbone's classes");
}

MAO_INLINE ParameterList TrainingStep::parameters(const StepPlace& place) {
  return policy_call(
      place, "the backbone's `parameters`", [] { return "tensors by name"; }, [&] { return backbone_->parameters(); });
}

MAO_INLINE int TrainingStep::epochs() const {
  return policy_call(
      {.name = options_.name}, "the schedule's `epochs`", [] { return "a number"; },
      [&] { return policies_->epochs(); });
}

MAO_INLINE double TrainingStep::rate_of(const StepTime& time, const Parameter* of) const {
  const StepPlace place{.name = options_.name, .epoch = time.epoch};
  const double rate = policy_call(
      place, "the schedule's `learning_rate`", [] { return "a finite number, 0 or above"; },
      [&] { return policies_->learning_rate(time, of == nullptr ? nullptr : &of->rate); });
  return checked_rate(rate, place, of == nullptr || of->rate == 1 ? std::string() : of->name);
}

MAO_INLINE std::vector<Batch> TrainingStep::draw(int epoch) {
  Rng rng = Rng(options_.seed)["batches"][static_cast<std::uint64_t>(epoch)];
  const EpochInfo info{.epoch = epoch, .horizon = policies_->traits.follows_epochs ? epochs() : 0};
  return policy_call(
      {.name = options_.name, .epoch = epoch}, "the sampler's `epoch`", [] { return "batches"; },
      [&] { return policies_->epoch(rng, info); });
}

MAO_INLINE void TrainingStep::step(Batch& batch, const ImageBatch& images, StepReport& report,
                                   const Observers& observers) {
  const StepPlace place{.name = options_.name, .epoch = report.epoch, .step = report.step};
  if (!(backbone_->classes() == classes_)) expect_policies_agree();
  SharedBatch shared(batch, workers());
  label(shared, images, place);
  report.images = static_cast<int>(batch.size());
  report.skipped = !trains(batch);
  if (report.skipped) {
    if (gathered_.complete(optimizer_.parameters(), 0)) update(report, place, observers);
    return;
  }
  const Candidates candidates = candidates_of(batch, place);
  const TensorMap before = optimizer_.climbs() ? kept_buffers(place) : TensorMap();
  const LossShare counts = shared.counts();
  const Pass made = pass(shared.part(), counts, images, candidates, place);
  report.candidates = static_cast<int>(candidates.size());
  std::tie(report.loss, report.accuracy) =
      shared.sums(made.losses.total.item<double>(), batch_accuracy(made.output, shared.part()));
  if (!std::isfinite(report.loss)) refuse_loss(report.loss, images, made.full, made.losses, place);
  differentiate(made.losses, place);
  if (optimizer_.climbs()) {
    const auto again = [&] {
      Pass above = pass(shared.part(), counts, images, candidates, place);
      const double loss = shared.sums(above.losses.total.item<double>(), 0).first;
      if (!std::isfinite(loss)) refuse_loss(loss, images, above.full, above.losses, place);
      return above.losses;
    };
    differentiate_above(again, before, place);
  }
  if (gathered_.complete(optimizer_.parameters(), weight_of(batch))) update(report, place, observers);
}

MAO_INLINE TrainingStep::Pass TrainingStep::pass(const Batch& part, const LossShare& counts, const ImageBatch& images,
                                                 const Candidates& candidates, const StepPlace& place) {
  Pass made{.full = forward(images, encoded(candidates), part.size(), place), .output = {}, .losses = {}};
  made.output = select_candidates(made.full, candidates);
  const TaskLoss task_loss = [&](const Output& judged, const Batch& of) { return policies_->loss(judged, of); };
  made.losses = detail::losses_of(*backbone_, task_loss, made.full, made.output, part, counts, place);
  return made;
}

MAO_INLINE TensorMap TrainingStep::kept_buffers(const StepPlace& place) const {
  if (!backbone_->offers.buffers) return {};
  TensorMap copies = policy_call(
      place, "the backbone's `buffers`", [] { return "tensors by name"; }, [&] { return backbone_->buffers(); });
  for (auto& entry : copies) entry.second = entry.second.detach().clone();
  return copies;
}

MAO_INLINE void TrainingStep::differentiate_above(const std::function<Losses()>& again, const TensorMap& before,
                                                  const StepPlace& place) {
  const TensorMap after = kept_buffers(place);
  if (backbone_->offers.buffers) backbone_->set_buffers(before);
  optimizer_.climb();
  try {
    differentiate(again(), place);
  } catch (...) {
    optimizer_.climb_down();
    throw;
  }
  optimizer_.climb_down();
  if (backbone_->offers.buffers) backbone_->set_buffers(after);
}

MAO_INLINE void TrainingStep::update(StepReport& report, const StepPlace& place, const Observers& observers) {
  const ParameterList& parameters = optimizer_.parameters();
  change_.before(parameters, place);
  observers.gradients(parameters, report);
  if (options_.clip_norm > 0) clip_gradients(parameters, options_.clip_norm);
  double fastest = 0;
  const auto expected = [] { return "learning rate, weight decay and other factors whose products fit into fp32"; };
  policy_call(place, "the optimizer's step", expected, [&] {
    optimizer_.step([&](const Parameter& parameter) {
      const double rate =
          rate_of({.epoch = place.epoch, .step = report.step, .steps = std::max(1, report.steps)}, &parameter);
      fastest = std::max(fastest, rate);
      return rate;
    });
  });
  change_.after(parameters, fastest);
  ++updates_;
  report.updated = true;
}

MAO_INLINE void TrainingStep::expect_alive() const {
  require<OptionError>(backbone_ != nullptr, "this tuner was moved into another one, which trains in its place");
  const ParameterList& parameters = optimizer_.parameters();
  const auto is_alone = [](const Parameter& parameter) { return parameter.value.use_count() == 1; };
  require<OptionError>(parameters.empty() || !std::ranges::all_of(parameters, is_alone), options_.name,
                       ": the backbone is gone, or its `parameters()` gives other tensors at every call: only this "
                       "tuner holds its parameters; keep the backbone as long as its tuner (a function that "
                       "returns a tuner takes the backbone by reference)");
  require<OptionError>(backbone_->classes().size() > 0, options_.name,
                       ": the backbone is bound to no class any more, as one that was moved elsewhere; make the tuner "
                       "where the backbone stays");
}

MAO_INLINE void TrainingStep::expect_policies_agree() const {
  expect_same_classes(backbone_->classes(), classes_, options_.name + ": the backbone is bound to",
                      "this tuner was made for those: bind the backbone before the tuner is made, and to its classes "
                      "again after an evaluation (`test_on` does)");
  policies_->expect_stated(classes_, options_.name);
}

MAO_INLINE void TrainingStep::label(SharedBatch& shared, const ImageBatch& images, const StepPlace& place) {
  if (!policies_->traits.labels_batches) return;
  Batch part = shared.part();
  policy_call(
      place, "the sampler's `label`", [&] { return text_of(part.size(), " labels"); },
      [&] { policies_->label(part, images); });
  check_labels(part, classes_.size(), !ignores_labels(), "the sampler's `label`", place);
  shared.gather_labels(std::move(part));
}

MAO_INLINE Candidates TrainingStep::candidates_of(const Batch& batch, const StepPlace& place) {
  Candidates candidates = policy_call(
      place, "the regularizer's `candidates`", [] { return "classes of the list"; },
      [&] { return policies_->candidates(batch, backbone_->classes()); });
  check_candidates(candidates, batch, classes_.size(), ignores_labels(), place);
  return candidates;
}

MAO_INLINE Candidates TrainingStep::encoded(const Candidates& candidates) const {
  return backbone_->traits().needs_all_classes ? Candidates::all(classes_.size()) : candidates;
}

MAO_INLINE Output TrainingStep::forward(const ImageBatch& images, const Candidates& asked, std::int64_t count,
                                        const StepPlace& place) {
  const auto expected = [&] { return text_of("logits ", shape_text({count, asked.size()}), " of the candidates"); };
  Output full =
      policy_call(place, "the backbone's `forward`", expected, [&] { return backbone_->forward(images, asked); });
  check_output(full, asked, count, optimizer_.parameters().front().value, !ignores_labels(), place);
  full.images = images;
  return full;
}

MAO_INLINE void TrainingStep::differentiate(const Losses& losses, const StepPlace& place) {
  optimizer_.zero_grad();
  policy_call(
      place, "the backward pass", [] { return "a loss with a graph to the parameters"; },
      [&] { back_propagate(*backbone_, losses, workers()); });
  check_finite(optimizer_.parameters(), text_of(place), updates_ > 0);
}

MAO_INLINE void TrainingStep::refuse_loss(double loss, const ImageBatch& images, const Output& full,
                                          const Losses& losses, const StepPlace& place) {
  throw NumericError(text_of(place, ": the loss is ", loss, "; ",
                             why_not_finite(optimizer_.parameters(), images, full, losses, classes_, updates_ > 0,
                                            backbone_->traits().frozen_image_tower)));
}

}  // namespace mao::detail
