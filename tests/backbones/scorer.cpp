// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/scorer.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/clip/image_sources.hpp>
#include <mao/testing/toy_model.hpp>

#include <limits>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

/// CoOp whose class features are not offered, so that every batch goes through the forward pass.
struct Opaque {
  Coop<ToyModel> coop;
  void bind(const ClassList& classes) { coop.bind(classes); }
  [[nodiscard]] const ClassList& classes() const { return coop.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) { return coop.forward(images, candidates); }
  Tensor auxiliary_loss(const Output& output, const Batch& batch) { return coop.auxiliary_loss(output, batch); }
  ParameterList parameters() { return coop.parameters(); }
};

/// CoOp with a second opinion on its scores.
struct Halved : Coop<ToyModel> {
  using Coop::Coop;
  Tensor score(const ImageBatch& images, const Tensor& text) { return at::matmul(encode_image(images), text.t()) / 2; }
};

/// CoOp that forgets to normalise where it is evaluated.
struct Forgetful : Coop<ToyModel> {
  using Coop::Coop;
  Tensor encode_image(const ImageBatch& images) { return raw_image(images); }
};

}  // namespace

TEST_CASE("a scorer gives the logits of the forward pass, whichever way it takes", "[scorer]") {
  const auto model = ToyModel::make();
  const ImageBatch images{.pixels = mao::testing::ToyImages(5, 2, 1).pixels, .features = {}};
  Coop<ToyModel> coop(model, toy_classes(5));
  Opaque opaque{Coop<ToyModel>(model, toy_classes(5))};
  Halved halved(model, toy_classes(5));
  static_assert(ClassFeatures<Coop<ToyModel>> && !ClassFeatures<Opaque> && ScoresItself<Halved>);
  const Tensor expected = coop.forward(images, Candidates::all(5)).logits;
  const Tensor once = Scorer(coop)(images), each = Scorer(opaque)(images), own = Scorer(halved)(images);
  CHECK(mao::testing::largest_difference(once, expected) < 1e-5);
  CHECK(mao::testing::largest_difference(each, expected) < 1e-5);
  CHECK(mao::testing::largest_difference(own * (2 * coop.logit_scale()), expected) < 1e-5);
  CHECK_FALSE(once.requires_grad());
  CHECK_FALSE(each.requires_grad());
}

TEST_CASE("an evaluation that is another function than the forward pass is noticed", "[scorer]") {
  const ImageBatch images{.pixels = mao::testing::ToyImages(5, 2, 1).pixels, .features = {}};
  Forgetful forgetful(ToyModel::make(), toy_classes(5));
  CHECK_THROWS_WITH(Scorer(forgetful)(images),
                    ContainsSubstring("`forward`, which is trained") && ContainsSubstring("normalise"));
}

TEST_CASE("an evaluation names what is not finite, and a binding that changed", "[scorer]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ImageBatch images{.pixels = mao::testing::ToyImages(5, 2, 1).pixels, .features = {}};
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(5));
  Scorer scorer(coop);
  coop.bind(toy_classes(3));
  CHECK_THROWS_WITH(scorer(images), ContainsSubstring("bound to 3 classes") && ContainsSubstring("expected 5 classes"));
  coop.bind(toy_classes(5));
  CHECK_NOTHROW(scorer(images));
  ImageBatch damaged = images;
  damaged.pixels = images.pixels.clone();
  damaged.pixels[3].fill_(nan);
  CHECK_THROWS_WITH(scorer(damaged), ContainsSubstring("the first that is not: the pixels of image 3"));
  const at::NoGradGuard no_graph;
  coop.parameters()[0].value.fill_(nan);
  CHECK_THROWS_WITH(Scorer(coop)(images), ContainsSubstring("what was learned (prompt_learner.ctx)"));
}

TEST_CASE("features that were kept from another model are refused", "[scorer]") {
  const auto one = ToyModel::make(1), two = ToyModel::make(2);
  TensorImages pixels(mao::testing::ToyImages(5, 2, 1).pixels);
  FeatureImages kept = FeatureImages::encode(*one, pixels);
  Coop<ToyModel> mine(one, toy_classes(5)), other(two, toy_classes(5));
  const ImageBatch images = kept.load({{.image = 0}, {.image = 3}});
  CHECK_NOTHROW(Scorer(mine)(images));
  CHECK_THROWS_WITH(Scorer(other)(images),
                    ContainsSubstring(one->fingerprint()) && ContainsSubstring(two->fingerprint()));
}
