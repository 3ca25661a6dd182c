// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/scorer.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/core/detail/ops.hpp>

#include <limits>
#include <memory>

#include <support/catch.hpp>
#include <support/counting_model.hpp>
#include <support/tensors.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

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

/// CoOp whose class features are wrong for one class, or its image features for one image of a batch.
struct WrongClass : Coop<ToyModel> {
  using Coop::Coop;
  std::int64_t wrong = 4;
  Tensor encode_text(const Candidates& asked) {
    const Tensor text = Coop::encode_text(asked).clone();
    for (std::int64_t i = 0; i < asked.size(); ++i) {
      if (asked.ids[static_cast<std::size_t>(i)] == wrong) text[i].mul_(-1);
    }
    return text;
  }
  Output forward(const ImageBatch& images, const Candidates& asked) {
    return compare(encode_image(images), Coop::encode_text(asked), logit_scale(), asked);
  }
};
struct WrongImage : Coop<ToyModel> {
  using Coop::Coop;
  Tensor encode_image(const ImageBatch& images) {
    Tensor image = Coop::encode_image(images).clone();
    if (image.size(0) > 2) image[2].mul_(-1);
    return image;
  }
};

/// CoOp that gives no class features with its logits, or others than they are of.
template <bool none>
struct OddOutput : WrongClass {
  using WrongClass::WrongClass;
  Output forward(const ImageBatch& images, const Candidates& asked) {
    Output output = WrongClass::forward(images, asked);
    output.text = none ? Tensor{} : output.text.flip(0);
    return output;
  }
};

/// CoOp that scores all its classes, whichever it is asked for, but the last.
struct OneShort : Coop<ToyModel> {
  using Coop::Coop;
  Output forward(const ImageBatch& images, const Candidates&) {
    return Coop::forward(images, Candidates::all(classes().size() - 1));
  }
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

TEST_CASE("a mistake in one class or in one image is noticed", "[scorer]") {
  const ImageBatch images{.pixels = mao::testing::ToyImages(5, 2, 1).pixels, .features = {}};
  WrongClass of_class(ToyModel::make(), toy_classes(5));
  CHECK_THROWS_WITH(Scorer(of_class)(images), ContainsSubstring("class 4 'blue whale'"));
  WrongImage of_image(ToyModel::make(), toy_classes(5));
  CHECK_THROWS_WITH(Scorer(of_image)(images), ContainsSubstring("image 2 of the batch"));
  OddOutput<true> without_text(ToyModel::make(), toy_classes(5));
  CHECK_THROWS_WITH(Scorer(without_text)(images), ContainsSubstring("class 4 'blue whale'"));
  without_text.wrong = -1;
  CHECK_NOTHROW(Scorer(without_text)(images));
}

TEST_CASE("an evaluation goes by the logits of forward, whatever class features come with them", "[scorer]") {
  const ImageBatch images{.pixels = mao::testing::ToyImages(5, 2, 1).pixels, .features = {}};
  OddOutput<false> odd(ToyModel::make(), toy_classes(5));
  odd.wrong = -1;
  const Tensor expected = odd.forward(images, Candidates::all(5)).logits;
  CHECK(mao::testing::largest_difference(Scorer(odd)(images), expected) < 1e-5);
}

TEST_CASE("the class features of an evaluation are encoded once, and its images once but for a few", "[scorer]") {
  const auto model = std::make_shared<const mao_test::CountingModel>(1);
  const ClassList classes{toy_classes(40).names, SameNames::accept};  // the toy's 64 tokens do not tell 40 names apart
  Coop<mao_test::CountingModel> coop(model, classes);
  const ImageBatch images{.pixels = mao::testing::ToyImages(40, 2, 1).pixels, .features = {}};
  model->reset();
  const Scorer scorer(coop);
  static_cast<void>(scorer(images));
  CHECK(model->texts == 40 + 4);
  CHECK(model->frozen_images == 80 + 32);
  static_cast<void>(scorer(images));
  CHECK(model->texts == 40 + 4);
  CHECK(model->frozen_images == 2 * 80 + 32);
}

TEST_CASE("an evaluation says what forward should have given", "[scorer]") {
  const ImageBatch images{.pixels = mao::testing::ToyImages(5, 2, 1).pixels, .features = {}};
  OneShort one_short(ToyModel::make(), toy_classes(5));
  CHECK_THROWS_WITH(Scorer(one_short)(images), ContainsSubstring("`forward` gave logits of shape [10, 4]") &&
                                                   ContainsSubstring("5 candidates, expected [10, 5]"));
}

TEST_CASE("rows that are looked at twice are the first ones and some up to the last", "[scorer]") {
  using detail::looked_at_twice;
  CHECK(looked_at_twice(3, 4, 2) == std::vector<std::int64_t>{0, 1, 2});
  CHECK(looked_at_twice(5, 4, 2) == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(looked_at_twice(100, 2, 3) == std::vector<std::int64_t>{0, 1, 33, 66, 99});
  CHECK(looked_at_twice(9, 2, 0) == std::vector<std::int64_t>{0, 1});
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
