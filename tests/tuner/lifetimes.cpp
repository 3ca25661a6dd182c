// SPDX-License-Identifier: Apache-2.0
// What a tuner refers to and what it owns: a dead backbone, a null source and a tuner that was moved are sentences.
#include <mao/tuner/prompt_tuner.hpp>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

using OwnedMethod = Coop<ToyModel>;

struct OwnedRun {
  std::shared_ptr<const ToyModel> model = ToyModel::make(11);
  ToyImages data{6, 4, 1};
  TensorImages images{data.pixels};

  OwnedMethod coop() const { return OwnedMethod(model, toy_classes(6)); }
  auto tuner(OwnedMethod& backbone) const {
    return plain(backbone, toy_classes(6), data.labels,
                 {.batch = 12, .schedule = {.epochs = 3, .learning_rate = 0.02}, .tuner = {.name = "short"}});
  }
  /// A mistake: the backbone ends with this function.
  auto tuner_of_a_local() const {
    OwnedMethod local = coop();
    return tuner(local);
  }
};

Tensor owned_context(OwnedMethod& coop) { return coop.parameters().front().value.detach().clone(); }

using Tuner = Plain<OwnedMethod>;
static_assert(!std::is_copy_constructible_v<Tuner> && !std::is_copy_assignable_v<Tuner>);
static_assert(std::is_move_constructible_v<Tuner> && std::is_move_assignable_v<Tuner>);
static_assert(!std::is_constructible_v<Tuner, OwnedMethod, ShuffledSampler, CrossEntropy, CosineSchedule>);
static_assert(std::is_constructible_v<Tuner, OwnedMethod&, ShuffledSampler, CrossEntropy, CosineSchedule>);

}  // namespace

TEST_CASE("a tuner whose backbone is gone says so, whatever it is asked", "[lifetimes]") {
  const OwnedRun run;
  TensorImages images(run.data.pixels);
  OwnedMethod other = run.coop();
  const TunerState state = run.tuner(other).state();
  const auto refused = [&](auto&& call) {
    auto tuner = run.tuner_of_a_local();
    CHECK_THROWS_WITH(call(tuner), ContainsSubstring("short: the backbone is gone, or its"));
  };
  refused([&](Tuner& tuner) { tuner.fit(images); });
  refused([&](Tuner& tuner) { tuner.epoch(images); });
  refused([&](Tuner& tuner) { tuner.begin_epoch(images); });
  refused([&](Tuner& tuner) { tuner.step({}); });
  refused([&](Tuner& tuner) { tuner.end_epoch(); });
  refused([&](Tuner& tuner) { tuner.finish(); });
  refused([&](Tuner& tuner) { static_cast<void>(tuner.state()); });
  refused([&](Tuner& tuner) { tuner.resume(state); });
}

TEST_CASE("a backbone that ends within an epoch is noticed at the next step", "[lifetimes]") {
  OwnedRun run;
  auto backbone = std::make_unique<OwnedMethod>(run.coop());
  auto tuner = run.tuner(*backbone);
  const std::vector<Batch> batches = tuner.begin_epoch(run.images);
  tuner.step(batches[0]);
  backbone.reset();
  CHECK_THROWS_WITH(tuner.step(batches[1]), ContainsSubstring("the backbone is gone"));
}

TEST_CASE("a backbone that was moved elsewhere is not trained by its old tuner", "[lifetimes]") {
  OwnedRun run;
  OwnedMethod backbone = run.coop();
  auto tuner = run.tuner(backbone);
  OwnedMethod there = std::move(backbone);
  CHECK_THROWS_WITH(tuner.fit(run.images), ContainsSubstring("short: the backbone is bound to no class any more"));
  CHECK(run.tuner(there).fit(run.images) == FitResult::Finished);
}

TEST_CASE("a tuner that is moved trains on, bit for bit; what it was moved from is refused", "[lifetimes]") {
  OwnedRun whole, moved;
  OwnedMethod one = whole.coop(), two = moved.coop();
  whole.tuner(one).fit(whole.images);
  auto first = moved.tuner(two);
  first.epoch(moved.images);
  for (const Batch& batch : first.begin_epoch(moved.images)) first.step(batch);  // within an epoch
  Tuner second = std::move(first);
  second.end_epoch();
  OwnedMethod idle = moved.coop();
  Tuner third = moved.tuner(idle);
  third = std::move(second);
  CHECK(third.fit(moved.images) == FitResult::Finished);
  CHECK(owned_context(two).equal(owned_context(one)));
  for (Tuner* from : {&first, &second}) {
    CHECK_THROWS_WITH(from->fit(moved.images), ContainsSubstring("this tuner was moved into another one"));
    CHECK_THROWS_WITH(from->state(), ContainsSubstring("this tuner was moved into another one"));
  }
}

TEST_CASE("a copy of a backbone has its own tensors, and its tuner trains those alone", "[lifetimes]") {
  OwnedRun run;
  OwnedMethod backbone = run.coop();
  const Tensor before = owned_context(backbone);
  OwnedMethod copy = backbone;
  run.tuner(copy).fit(run.images);
  CHECK(owned_context(backbone).equal(before));
  CHECK_FALSE(owned_context(copy).equal(before));
}

TEST_CASE("a null image source is a sentence where it is dereferenced", "[lifetimes]") {
  OwnedRun run;
  OwnedMethod backbone = run.coop();
  auto tuner = run.tuner(backbone);
  std::unique_ptr<ImageSource> none;
  CHECK_THROWS_WITH(tuner.fit(*none), ContainsSubstring("short: the image source is null"));
  CHECK_THROWS_WITH(tuner.begin_epoch(*none), ContainsSubstring("short: the image source is null"));
  CHECK_THROWS_WITH(predict_logits(backbone, toy_classes(6), *none), ContainsSubstring("the image source is null"));
}
