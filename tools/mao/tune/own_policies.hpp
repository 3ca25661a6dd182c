// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Samplers and regularizers chosen at run time, and those that a program of your own adds.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/core/describe.hpp>
#include <mao/parallel/shares.hpp>
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/detail/policy_calls.hpp>
#include <mao/tuner/detail/sampler_state.hpp>

namespace mao_program {

using namespace mao;  // the program is written in the words of the library

/// What a policy is made for.
struct StageContext {
  std::string stage;                 ///< "plain", "base" or "new"
  ClassList classes;                 ///< in play
  std::vector<std::int64_t> labels;  ///< of the training images, positions in `classes`; none in the new stage
  int batch = 0;                     ///< images in a batch; MAO's base stage: before hard negatives are added
  int k = 0;                         ///< MAO's base stage: classes that a sample adds, its own included; else 0
};

/// Holds any `Sampler` whose batches have labels, and is one. One that does not say its classes or images is for those
/// of its stage. Copies share it.
class AnySampler {
 public:
  template <Sampler S>
  requires(!LabelsBatches<S>) AnySampler(S sampler, const StageContext& made_for)
      : held_(std::make_shared<Held<S>>(std::move(sampler), made_for)) {}

  std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) { return held_->epoch(rng, info); }
  [[nodiscard]] const ClassList& classes() const { return held_->classes(); }
  [[nodiscard]] std::int64_t images() const { return held_->images(); }
  [[nodiscard]] Description describe() const { return held_->describe(); }
  [[nodiscard]] TensorMap state() const { return held_->state(); }
  void set_state(const TensorMap& state) { held_->set_state(state); }
  /// Whether it adds hard negatives, as `MinesNegatives` says of a type.
  [[nodiscard]] bool adds_negatives() const { return held_->adds_negatives(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) = 0;
    [[nodiscard]] virtual const ClassList& classes() const = 0;
    [[nodiscard]] virtual std::int64_t images() const = 0;
    [[nodiscard]] virtual Description describe() const = 0;
    [[nodiscard]] virtual TensorMap state() const = 0;
    virtual void set_state(const TensorMap& state) = 0;
    [[nodiscard]] virtual bool adds_negatives() const = 0;
  };

  template <class S>
  struct Held final : Interface {
    Held(S of, const StageContext& made_for) : sampler(std::move(of)), context(made_for) {}
    std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) override {
      return mao::detail::batches_of(sampler, rng, info);
    }
    [[nodiscard]] const ClassList& classes() const override {
      if constexpr (StatesClasses<S>) stated = sampler.classes();
      return StatesClasses<S> ? stated : context.classes;
    }
    [[nodiscard]] std::int64_t images() const override {
      if constexpr (CountsImages<S>) return sampler.images();
      return static_cast<std::int64_t>(context.labels.size());
    }
    [[nodiscard]] Description describe() const override { return description_of(sampler); }
    [[nodiscard]] TensorMap state() const override { return sampler_state(sampler, {.name = context.stage}); }
    void set_state(const TensorMap& state) override { restore_sampler(sampler, state, {.name = context.stage}); }
    [[nodiscard]] bool adds_negatives() const override { return mao::detail::mines_negatives<S>(); }

    S sampler;
    StageContext context;
    mutable ClassList stated;  // `classes()` of a sampler may be a value
  };

  std::shared_ptr<Interface> held_;
};

static_assert(Sampler<AnySampler> && KeepsState<AnySampler> && CountsImages<AnySampler>);

/// Holds any `Regularizer` and is one. One that does not say its classes is for those of its stage. Copies share it.
class AnyRegularizer {
 public:
  template <Regularizer R>
  AnyRegularizer(R regularizer, const StageContext& made_for) {
    const auto held = std::make_shared<const R>(std::move(regularizer));
    candidates_ = [held](const Batch& batch, const ClassList& classes) { return held->candidates(batch, classes); };
    loss_ = [held](const Output& output, const Batch& batch) { return (*held)(output, batch); };
    description_ = description_of(*held);
    whole_ = compares_images(*held);
    classes_ = made_for.classes;
    if constexpr (StatesClasses<R>) classes_ = held->classes();
  }

  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const {
    return candidates_(batch, classes);
  }
  Tensor operator()(const Output& output, const Batch& batch) const { return loss_(output, batch); }
  [[nodiscard]] const ClassList& classes() const { return classes_; }
  [[nodiscard]] const Description& describe() const { return description_; }
  [[nodiscard]] bool needs_whole_batch() const { return whole_; }

 private:
  std::function<Candidates(const Batch&, const ClassList&)> candidates_;
  std::function<Tensor(const Output&, const Batch&)> loss_;
  Description description_;
  ClassList classes_;
  bool whole_ = false;
};

static_assert(Regularizer<AnyRegularizer>);

using MakeSampler = std::function<AnySampler(const StageContext&)>;
using MakeRegularizer = std::function<AnyRegularizer(const StageContext&)>;

/// What a program of your own adds, by name.
inline std::map<std::string, MakeSampler>& own_samplers() {
  static std::map<std::string, MakeSampler> all;
  return all;
}
inline std::map<std::string, MakeRegularizer>& own_regularizers() {
  static std::map<std::string, MakeRegularizer> all;
  return all;
}

}  // namespace mao_program
