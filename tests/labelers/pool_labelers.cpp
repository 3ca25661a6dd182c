// SPDX-License-Identifier: Apache-2.0
#include <mao/labelers/pool_labelers.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

using Frozen = ZeroShot<ToyModel>;
using Tuned = Coop<ToyModel>;
static_assert(PseudoLabeler<BalancedLabeler<Frozen, Tuned>> && PseudoLabeler<SelectingLabeler<Frozen, Tuned>>);

Tensor pixels() { return ToyImages(6, 3, 2).pixels; }
Frozen frozen_model() { return Frozen(ToyModel::make(), toy_classes(6)); }
Tuned tuned_model() { return Tuned(ToyModel::make(), toy_classes(6), {.init = "", .context = 3, .seed = 8}); }

}  // namespace

TEST_CASE("the balanced labeller gives every class the same share of its pool", "[pool_labelers]") {
  TensorImages images(pixels());
  TwoModels<Frozen, Tuned> models(frozen_model(), tuned_model());
  const Tensor mean = models.of_pool(images).mixture();
  BalancedLabeler<Frozen, Tuned> labeler(frozen_model(), tuned_model(), images);
  const PseudoLabels labels = labeler.label({.pixels = pixels(), .features = {}});
  const Tensor expected = rebalanced(mean, balancing_factors(mean));
  CHECK(labels.labels == most_likely(expected).labels);
  CHECK(largest_difference(at::tensor(labels.confidence), expected.amax(1)) < 1e-5);
  CHECK(label_statistics(expected).balance >= label_statistics(mean).balance);
}

TEST_CASE("the selecting labeller keeps the model with the greater mutual information", "[pool_labelers]") {
  TensorImages images(pixels());
  const SelectingOptions as_it_is{.balance = false};
  SelectingLabeler<Frozen, Tuned> labeler(frozen_model(), tuned_model(), images, as_it_is);
  SelectingLabeler<Tuned, Frozen> swapped(tuned_model(), frozen_model(), images, as_it_is);
  const double frozen = labeler.frozen_statistics().mutual_information;
  const double tuned = labeler.tuned_statistics().mutual_information;
  CHECK(labeler.chose_tuned() == (tuned > frozen));
  CHECK(swapped.chose_tuned() != labeler.chose_tuned());
  const ImageBatch batch{.pixels = pixels(), .features = {}};
  TwoModels<Frozen, Tuned> models(frozen_model(), tuned_model());
  const auto opinions = models(batch);
  CHECK(labeler.label(batch).labels == most_likely(tuned > frozen ? opinions.tuned : opinions.frozen).labels);
  CHECK(swapped.label(batch).labels == labeler.label(batch).labels);
}

TEST_CASE("between equal models the frozen one is selected", "[pool_labelers]") {
  TensorImages images(pixels());
  CHECK(!SelectingLabeler<Frozen, Frozen>(frozen_model(), frozen_model(), images).chose_tuned());
}

TEST_CASE("a pool labeller gives the same label to an image in any batch, and drifts with nothing", "[pool_labelers]") {
  TensorImages images(pixels());
  Tuned tuned = tuned_model();
  SelectingLabeler<Frozen, Tuned> labeler(frozen_model(), tuned, images);
  const auto whole = labeler.label({.pixels = pixels(), .features = {}});
  {
    const at::NoGradGuard no_graph;
    tuned.parameters()[0].value.fill_(1.0);
  }
  for (std::int64_t i = 0; i < 18; ++i) {
    const auto one = labeler.label({.pixels = pixels().narrow(0, i, 1), .features = {}});
    CHECK(one.labels.at(0) == whole.labels.at(static_cast<std::size_t>(i)));
  }
}

TEST_CASE("a pool labeller needs images", "[pool_labelers]") {
  TensorImages none(pixels().narrow(0, 0, 0));
  const auto build = [&] { return BalancedLabeler<Frozen, Tuned>(frozen_model(), tuned_model(), none); };
  CHECK_THROWS_WITH(build(), ContainsSubstring("expected the unlabelled ones of the new stage"));
}
