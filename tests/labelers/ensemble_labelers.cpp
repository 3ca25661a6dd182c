// SPDX-License-Identifier: Apache-2.0
#include <mao/labelers/ensemble_labelers.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/core/detail/ops.hpp>

#include <algorithm>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

using Frozen = ZeroShot<ToyModel>;
using Tuned = Coop<ToyModel>;
static_assert(PseudoLabeler<AverageLabeler<Frozen, Tuned>> && PseudoLabeler<AgreementLabeler<Frozen, Tuned>> &&
              PseudoLabeler<SoftLabeler<Frozen, Tuned>>);

ImageBatch ensemble_images() { return {.pixels = ToyImages(6, 3, 2).pixels, .features = {}}; }

Frozen ensemble_frozen(std::int64_t classes = 6) { return Frozen(ToyModel::make(), toy_classes(classes)); }

// A prompt far enough from "a photo of a" that some winners differ.
Tuned ensemble_tuned(std::int64_t classes = 6) {
  return Tuned(ToyModel::make(), toy_classes(classes), {.init = "", .context = 3, .seed = 8});
}

struct Opinions {
  Tensor frozen = ClassProbabilities<Frozen>(ensemble_frozen())(ensemble_images());
  Tensor tuned = ClassProbabilities<Tuned>(ensemble_tuned())(ensemble_images());
};

}  // namespace

TEST_CASE("the average labels with the mean of both models' probabilities", "[ensemble_labelers]") {
  const Opinions by;
  AverageLabeler<Frozen, Tuned> labeler(ensemble_frozen(), ensemble_tuned());
  const PseudoLabels labels = labeler.label(ensemble_images());
  const PseudoLabels expected = most_likely((by.frozen + by.tuned) / 2);
  CHECK(labels.labels == expected.labels);
  for (std::size_t i = 0; i < labels.confidence.size(); ++i) {
    CHECK(labels.confidence[i] == Approx(expected.confidence[i]));
  }
  CHECK(labels.probabilities.empty());
}

TEST_CASE("two models that are the same label as either does", "[ensemble_labelers]") {
  const auto expected = most_likely(ClassProbabilities<Frozen>(ensemble_frozen())(ensemble_images()));
  AverageLabeler<Frozen, Frozen> average(ensemble_frozen(), ensemble_frozen());
  AgreementLabeler<Frozen, Frozen> agreement(ensemble_frozen(), ensemble_frozen());
  CHECK(average.label(ensemble_images()).labels == expected.labels);
  const auto agreed = agreement.label(ensemble_images());
  CHECK(agreed.labels == expected.labels);
  CHECK(std::ranges::count(agreed.confidence, 0.0F) == 0);
}

TEST_CASE("where two models disagree an image has confidence 0 and leaves the loss", "[ensemble_labelers]") {
  const Opinions by;
  const auto first = most_likely(by.frozen).labels, second = most_likely(by.tuned).labels;
  PseudoLabelSampler sampler(18, AgreementLabeler<Frozen, Tuned>(ensemble_frozen(), ensemble_tuned()));
  Batch batch{.images = std::vector<std::int64_t>(18, 0), .labels = {}, .weights = {}};
  sampler.label(batch, ensemble_images());
  REQUIRE(batch.weights.size() == 18);  // random models do disagree somewhere
  for (std::size_t i = 0; i < 18; ++i) {
    CHECK((batch.weights[i] > 0) == (first[i] == second[i]));
    if (first[i] == second[i]) CHECK(batch.labels[i] == first[i]);
  }
}

TEST_CASE("soft labels are the average's distribution, row by row", "[ensemble_labelers]") {
  const Opinions by;
  SoftLabeler<Frozen, Tuned> labeler(ensemble_frozen(), ensemble_tuned());
  const PseudoLabels labels = labeler.label(ensemble_images());
  REQUIRE(labels.probabilities.size() == 18 * 6);
  const Tensor rows = at::tensor(labels.probabilities).view({18, 6});
  CHECK(largest_difference(rows, (by.frozen + by.tuned) / 2) < 1e-6);
  CHECK(labels.labels == most_likely(rows).labels);
}

TEST_CASE("a pool is read in order and gives each image what its batch would", "[ensemble_labelers]") {
  const Opinions by;
  TensorImages images(ToyImages(6, 3, 2).pixels);
  TwoModels<Frozen, Tuned> models(ensemble_frozen(), ensemble_tuned());
  const auto pool = models.of_pool(images, 5);
  CHECK(largest_difference(pool.frozen, by.frozen) < 1e-6);
  CHECK(largest_difference(pool.tuned, by.tuned) < 1e-6);
  CHECK(largest_difference(pool.mixture(0), by.frozen) < 1e-6);
  CHECK(largest_difference(pool.mixture(1), by.tuned) < 1e-6);
}

TEST_CASE("two models must be bound to the same classes", "[ensemble_labelers]") {
  const auto build = [] { return AverageLabeler<Frozen, Tuned>(ensemble_frozen(6), ensemble_tuned(5)); };
  CHECK_THROWS_WITH(build(), ContainsSubstring("bind both to the new classes"));
}
