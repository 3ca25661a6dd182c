// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/scorer.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/testing/toy_model.hpp>

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
