// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/predict.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/detail/views.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

/// A CoOp that shows no class features, and counts how often it is asked.
class ForwardOnly {
 public:
  ForwardOnly() : coop_(ToyModel::make(), toy_classes(4)) {}
  void bind(const ClassList& classes) { coop_.bind(classes); }
  [[nodiscard]] const ClassList& classes() const { return coop_.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    ++forwards;
    return coop_.forward(images, candidates);
  }
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }
  ParameterList parameters() { return coop_.parameters(); }
  int forwards = 0;

 private:
  Coop<ToyModel> coop_;
};
static_assert(Backbone<ForwardOnly> && !ClassFeatures<ForwardOnly>);

/// A CoOp that counts how often its classes are encoded.
struct Counting : Coop<ToyModel> {
  Counting() : Coop<ToyModel>(ToyModel::make(), toy_classes(4)) {}
  Tensor encode_text(const Candidates& candidates) {
    ++encodings;
    return Coop<ToyModel>::encode_text(candidates);
  }
  int encodings = 0;
};
static_assert(ClassFeatures<Counting>);

}  // namespace

TEST_CASE("predictions are those of the forward pass, whatever the batches", "[predict]") {
  const Tensor pixels = ToyImages(4, 3, 1).pixels;
  TensorImages images(pixels);
  ForwardOnly forward_only;
  const Tensor expected = forward_only.forward({.pixels = pixels, .features = {}}, Candidates::all(4)).logits.detach();
  for (const std::int64_t batch : {1, 5, 100}) {
    Counting counting;
    forward_only.forwards = 0;
    const Tensor with_features = predict_logits(counting, toy_classes(4), images, batch);
    CHECK(relative_difference(with_features, expected) < 1e-5);
    CHECK(relative_difference(predict_logits(forward_only, toy_classes(4), images, batch), expected) < 1e-5);
    CHECK_FALSE(with_features.requires_grad());
    CHECK(counting.encodings == 1);
    CHECK(forward_only.forwards == (12 + batch - 1) / batch);
  }
}

TEST_CASE("predictions are over the classes that are named, and leave the binding", "[predict]") {
  TensorImages images(ToyImages(4, 3, 1).pixels);
  const ClassList others{{"eel", "yak", "elk"}};
  Counting counting;
  const Tensor there = predict_logits(counting, others, images);
  CHECK(counting.classes() == toy_classes(4));
  counting.bind(others);
  CHECK(there.equal(predict_logits(counting, others, images)));
  CHECK_THROWS_WITH(predict_logits(counting, {{"eel", "eel"}}, images),
                    ContainsSubstring("classes 0 and 1 are both named"));
}

TEST_CASE("a source that gives fewer rows than it was asked for is named", "[predict]") {
  struct Short : TensorImages {
    using TensorImages::TensorImages;
    ImageBatch load(const std::vector<View>& views) override {
      return TensorImages::load({views.begin(), views.end() - 1});
    }
  };
  struct Nothing : TensorImages {
    using TensorImages::TensorImages;
    ImageBatch load(const std::vector<View>&) override { return {.pixels = {}, .features = {}}; }
  };
  Short few(ToyImages(4, 4, 1).pixels);
  Nothing nothing(ToyImages(4, 4, 1).pixels);
  Counting counting;
  CHECK_THROWS_WITH(
      predict_logits(counting, toy_classes(4), few),
      ContainsSubstring("the image source's `load` gave pixels of shape [15, 3, 8, 8], expected 16 images"));
  CHECK_THROWS_WITH(predict_logits(counting, toy_classes(4), nothing),
                    ContainsSubstring("neither pixels nor features"));
  CHECK_THROWS_WITH(load_views(few, {{.image = 0}, {.image = 1}}, false), ContainsSubstring("expected 2 images"));
}

TEST_CASE("the winner of a row is its largest logit; no images are refused", "[predict]") {
  CHECK(winners(at::tensor({0.0F, 2.0F, 1.0F, 5.0F, -1.0F, 4.0F}).view({2, 3})) == std::vector<std::int64_t>{1, 0});
  CHECK_THROWS_AS(winners(at::tensor({0.0F, 2.0F})), ShapeError);
  CHECK_THROWS_WITH(winners(at::tensor({0.0F, 2.0F}).view({2, 1}).narrow(1, 0, 0)), ContainsSubstring("no column"));
  TensorImages none(ToyImages(1, 1, 1).pixels.narrow(0, 0, 0));
  Counting counting;
  CHECK_THROWS_WITH(predict_logits(counting, toy_classes(4), none), ContainsSubstring("no images to classify"));
}

TEST_CASE("logits become a matrix entry by entry", "[predict]") {
  const Tensor logits = at::tensor({0.0F, 2.0F, 1.0F, 5.0F, -1.0F, 4.0F}).view({2, 3});
  const Eigen::MatrixXf matrix = as_matrix(logits);
  REQUIRE(matrix.rows() == 2);
  REQUIRE(matrix.cols() == 3);
  CHECK(matrix(0, 1) == 2);
  CHECK(matrix(1, 0) == 5);
  CHECK(matrix(1, 2) == 4);
  CHECK_THROWS_AS(as_matrix(logits.view({6})), ShapeError);
}
