// SPDX-License-Identifier: Apache-2.0
#include "tune/own_policies.hpp"

#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/prompt_tuner.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;
using mao_program::AnyRegularizer;
using mao_program::AnySampler;
using mao_program::StageContext;

namespace {

/// One batch an epoch: as many images as epochs have begun, by the epoch or by what it keeps.
struct ByEpoch {
  std::vector<std::int64_t> labels;
  std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) const {
    Batch batch;
    for (int i = 0; i < 6 * (info.epoch + 1); ++i) {
      batch.images.push_back(static_cast<std::int64_t>(rng.below(labels.size())));
      batch.labels.push_back(labels[static_cast<std::size_t>(batch.images.back())]);
    }
    return {batch};
  }
};
struct Counting {
  ByEpoch inner;
  int count = 0;
  std::vector<Batch> epoch(Rng& rng) { return inner.epoch(rng, {.epoch = count++, .horizon = 0}); }
  [[nodiscard]] std::string state() const { return std::to_string(count); }
  void set_state(const std::string& text) { count = std::stoi(text); }
};

struct Run {
  std::shared_ptr<const ToyModel> model = ToyModel::make(11);
  ToyImages data{6, 8, 1};
  TensorImages images{data.pixels};
  StageContext stage{.stage = "plain", .classes = toy_classes(6), .labels = data.labels, .batch = 16};
  Coop<ToyModel> coop{model, toy_classes(6)};

  template <class S>
  auto tuner(S sampler) {
    return PromptTuner(coop, std::move(sampler), AnyRegularizer(CrossEntropy{}, stage),
                       CosineSchedule({.epochs = 3, .learning_rate = 0.02}));
  }
  Tensor context() { return coop.parameters().front().value.detach().clone(); }
};

/// Trained to the end, after a stop at each epoch's end where `stops`.
template <class S>
Tensor trained(S sampler, bool held, bool stops) {
  Run run;
  TunerState state;
  const auto made = [&](Run& in) { return in.tuner(AnySampler(sampler, in.stage)); };
  if (!held) {
    run.tuner(sampler).fit(run.images);
    return run.context();
  }
  if (!stops) {
    made(run).fit(run.images);
    return run.context();
  }
  for (int epoch = 0; epoch < 3; ++epoch) {
    Run next;
    auto tuner = made(next);
    if (epoch > 0) tuner.resume(state);
    tuner.epoch(next.images);
    state = tuner.state();
    if (epoch == 2) return next.context();
  }
  return {};
}

}  // namespace

TEST_CASE("a sampler that is held trains as by itself, and resumes at any epoch bit for bit", "[own_policies]") {
  const ByEpoch curriculum{Run().data.labels};
  const Tensor by_epoch = trained(curriculum, false, false);
  CHECK(trained(curriculum, true, false).equal(by_epoch));
  CHECK(trained(curriculum, true, true).equal(by_epoch));
  CHECK(trained(Counting{curriculum}, true, false).equal(by_epoch));
  CHECK(trained(Counting{curriculum}, true, true).equal(by_epoch));
}

TEST_CASE("what a held policy says of itself is passed on, and what it does not say is its stage's", "[own_policies]") {
  const Run run;
  const StageContext& stage = run.stage;
  const AnySampler silent(ByEpoch{stage.labels}, stage);
  CHECK(silent.classes() == stage.classes);
  CHECK(silent.images() == 48);
  CHECK(silent.state().empty());
  const ShuffledSampler few({0, 1, 0}, toy_classes(2), {.batch = 2});
  const AnySampler stated(few, stage);
  CHECK(stated.classes() == toy_classes(2));
  CHECK(stated.images() == 3);
  CHECK(stated.describe() == few.describe());
  CHECK_FALSE(stated.adds_negatives());
  AnySampler counting(Counting{{stage.labels}}, stage);
  counting.set_state(AnySampler(Counting{{stage.labels}, 7}, stage).state());
  Rng rng(1);
  CHECK(counting.epoch(rng, {.epoch = 0, .horizon = 3})[0].size() == 48);
  CHECK_THROWS_WITH(AnySampler(silent).set_state(counting.state()), ContainsSubstring("this sampler keeps none"));
  const AnyRegularizer loss(CrossEntropy{}, stage);
  CHECK(loss.classes() == stage.classes);
  CHECK(loss.describe() == description_of(CrossEntropy{}));
  CHECK_FALSE(loss.needs_whole_batch());
  CHECK(AnyRegularizer(SymmetricContrast{}, stage).needs_whole_batch());
}
