// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/dpc.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/tuner/prompt_tuner.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

#include <ATen/core/grad_mode.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyCoop = Coop<ToyModel>;
using ToyDpc = Dpc<ToyCoop>;

ToyCoop host_of(std::int64_t classes) { return ToyCoop(ToyModel::make(), toy_classes(classes)); }

/// One whose parallel prompt is some way from the frozen one.
ToyDpc dpc_of(std::int64_t classes, DpcOptions options = {}) {
  ToyDpc dpc(host_of(classes), options);
  const at::NoGradGuard no_graph;
  Tensor learned = dpc.parameters()[0].value;
  learned.add_(normal_tensor({learned.size(0), learned.size(1)}, 0.3, Rng(9)));
  return dpc;
}

/// Logits of CoOp with that context.
Tensor logits_with(const Tensor& context, const ClassList& classes) {
  const at::NoGradGuard frozen;
  ToyCoop coop(ToyModel::make(), classes);
  coop.parameters()[0].value.copy_(context);
  return coop.forward(mao_test::toy_batch(), Candidates::all(classes.size())).logits;
}

/// Trains plainly for a few epochs without warm-up.
void train(ToyDpc& dpc, double weight_decay) {
  const mao::testing::ToyImages data(4, 4, 3);
  TensorImages images(data.pixels);
  auto tuner = PromptTuner(dpc, ShuffledSampler(data.labels, dpc.classes(), {.batch = 8}), SymmetricContrast{},
                           ConstantSchedule({.epochs = 3, .learning_rate = 0.01}),
                           TunerOptions{.optimizer = {.weight_decay = weight_decay}});
  tuner.fit(images);
}

}  // namespace

static_assert(BringsNegatives<ToyDpc> && HasBuffers<ToyDpc> && CombinesLosses<ToyDpc> && FrozenImageTower<ToyDpc>);
static_assert(ClassFeatures<ToyDpc> && !ScoresItself<ToyDpc> && ScoresItself<Dpc<Dept<ToyCoop>>>);

TEST_CASE("DPC keeps the promises of a backbone", "[dpc]") {
  mao_test::check_backbone([] { return dpc_of(6); });
}

TEST_CASE("DPC as released keeps the promises of a backbone", "[dpc]") {
  mao_test::check_backbone([] { return dpc_of(6, DpcOptions::released()); });
}

TEST_CASE("DPC that trains the mixture keeps the promises of a backbone", "[dpc]") {
  mao_test::check_backbone([] { return dpc_of(6, {.trained = DpcParametrisation::Mixture}); });
}

TEST_CASE("DPC over a host with deep prompts, a second head, or a teacher keeps the promises", "[dpc]") {
  SECTION("IVLP") {
    mao_test::check_backbone(
        [] { return Dpc(Ivlp<ToyModel>(ToyModel::make(), toy_classes(6), {.text_depth = 3, .vision_depth = 2})); });
  }
  SECTION("DePT") {
    mao_test::check_gradients([] { return Dpc(Dept<ToyCoop>(host_of(6))); });
  }
  SECTION("PromptKD") {
    mao_test::check_gradients(
        [] { return Dpc(PromptKd<ToyModel, ToyCoop>(ToyModel::make(), host_of(6), {.vision_depth = 3})); });
  }
}

TEST_CASE("DPC starts as its host and trains a tensor for each of the host's", "[dpc]") {
  ToyDpc dpc(host_of(4));
  ToyCoop host = host_of(4);
  const ParameterList trained = dpc.parameters();
  REQUIRE(trained.size() == 1);
  CHECK(trained[0].name == "prompt_learner.ctx");
  CHECK(trained[0].value.equal(host.parameters()[0].value));
  CHECK(dpc.buffers().at("frozen.prompt_learner.ctx").equal(trained[0].value));
  CHECK(largest_difference(Scorer(dpc)(mao_test::toy_batch()), Scorer(host)(mao_test::toy_batch())) < 1e-5);
}

TEST_CASE("DPC scores base classes by the mixture and new ones by the host", "[dpc]") {
  const Tensor frozen = host_of(4).parameters()[0].value.detach();
  auto dpc = dpc_of(4);
  const Tensor parallel = dpc.parameters()[0].value.detach();
  const ImageBatch images = mao_test::toy_batch();
  const Tensor mixture = parallel.mul(0.2).add(frozen.mul(0.8));
  CHECK(largest_difference(Scorer(dpc)(images), logits_with(mixture, toy_classes(4))) < 1e-5);
  CHECK(largest_difference(dpc.forward(images, Candidates::all(4)).logits.detach(),
                           logits_with(parallel, toy_classes(4))) < 1e-5);

  const ClassList fresh{{"new one", "new two", "a third"}};
  dpc.bind(fresh);
  CHECK_FALSE(dpc.base_mode());
  CHECK(largest_difference(Scorer(dpc)(images), logits_with(frozen, fresh)) == 0);
  auto half = dpc_of(4, {.new_weight = 0.5});
  half.bind(fresh);
  CHECK(largest_difference(Scorer(half)(images), logits_with(parallel.add(frozen).div(2), fresh)) < 1e-5);
}

TEST_CASE("DPC as released scores base classes by the parallel prompt", "[dpc]") {
  const Tensor frozen = host_of(4).parameters()[0].value.detach();
  DpcOptions options = DpcOptions::released(0.5);
  auto dpc = dpc_of(4, options);
  const Tensor learned = dpc.parameters()[0].value.detach();
  CHECK(largest_difference(Scorer(dpc)(mao_test::toy_batch()), logits_with(learned, toy_classes(4))) < 1e-5);
  dpc.bind(ClassList{{"new one", "new two"}});
  CHECK(largest_difference(Scorer(dpc)(mao_test::toy_batch()), logits_with(frozen, dpc.classes())) == 0);

  options.trained = DpcParametrisation::Mixture;  // the same numbers are M now
  auto mixed = dpc_of(4, options);
  const Tensor parallel = learned.sub(frozen.mul(0.5)).div(0.5);
  CHECK(largest_difference(Scorer(mixed)(mao_test::toy_batch()), logits_with(parallel, toy_classes(4))) < 1e-4);
}

TEST_CASE("DPC's share is a learning rate in the released parametrisations", "[dpc]") {
  const double share = 0.5;
  const auto learned = [](const DpcOptions& options) {
    ToyDpc dpc(host_of(4), options);
    train(dpc, 0);
    return dpc.parameters()[0].value.detach().clone();
  };
  const Tensor frozen = host_of(4).parameters()[0].value.detach();
  const Tensor mixture = learned({.base_weight = share, .trained = DpcParametrisation::Mixture});
  const Tensor faster = learned({.base_weight = share, .rate = 1 / (share * share)});
  CHECK(largest_difference(mixture, frozen) > 1e-3);
  CHECK(largest_difference(mixture, faster.mul(share).add(frozen.mul(1 - share))) < 1e-5);
  const Tensor released = learned(DpcOptions::released(share));
  CHECK(largest_difference(released, learned({.base_weight = share, .rate = 1 / share})) < 1e-5);
}

TEST_CASE("DPC's frozen prompt does not move, and can be saved and put back", "[dpc]") {
  auto dpc = dpc_of(4);
  TensorMap saved;
  for (const auto& [name, value] : dpc.buffers()) saved[name] = value.clone();
  train(dpc, 5e-4);
  CHECK(dpc.buffers().at("frozen.prompt_learner.ctx").equal(saved.at("frozen.prompt_learner.ctx")));
  ToyDpc other(host_of(4));
  saved.at("frozen.prompt_learner.ctx").fill_(0.25);
  other.set_buffers(saved);
  CHECK(other.buffers().at("frozen.prompt_learner.ctx").eq(0.25).all().item<bool>());
  CHECK_THROWS_WITH(other.set_buffers({}), ContainsSubstring("no frozen.prompt_learner.ctx"));
}

TEST_CASE("DPC keeps the host's terms unless told not to", "[dpc]") {
  using Host = Dept<ToyCoop>;
  const auto total = [](bool keep) {
    Dpc<Host> dpc(Host(host_of(6), {.weight = 0.25}), {.host_terms = keep});
    const Losses losses = mao_test::back_propagated(dpc, false, mao_test::toy_labels);
    CHECK(losses.auxiliary.defined() == keep);
    const double expected =
        keep ? 0.75 * losses.task.item<double>() + losses.auxiliary.item<double>() : losses.task.item<double>();
    CHECK(losses.total.item<double>() == Approx(expected).epsilon(1e-5));
  };
  total(true);
  total(false);
}

TEST_CASE("DPC refuses settings out of range and a host that has learned nothing", "[dpc]") {
  CHECK_THROWS_WITH(ToyDpc(host_of(3), {.base_weight = 0}), ContainsSubstring("base_weight = 0"));
  CHECK_THROWS_WITH(ToyDpc(host_of(3), {.new_weight = 1.5}), ContainsSubstring("new_weight = 1.5"));
  CHECK_THROWS_WITH(ToyDpc(host_of(3), {.rate = -1}), ContainsSubstring("rate = -1"));
  CHECK_THROWS_WITH(Dpc(ZeroShot<ToyModel>(ToyModel::make(), toy_classes(3))), ContainsSubstring("trains nothing"));
}
