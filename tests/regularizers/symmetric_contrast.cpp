// SPDX-License-Identifier: Apache-2.0
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/context.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;

namespace {

const Tensor text = unit_rows(normal_tensor({9, 16}, 1.0, Rng(1)));

/// The loss of a batch of random images, encoding its classes alone.
double loss_of(const Tensor& image, const Batch& batch) {
  const SymmetricContrast contrast;
  const Candidates candidates = contrast.candidates(batch, mao::testing::toy_classes(9));
  const Tensor rows = text.index_select(0, at::tensor(candidates.ids));
  return contrast(compare(image, rows, 20.0, candidates), batch).item<double>();
}

/// By the definition: a text row an image.
double written_out(const Tensor& image, const std::vector<std::int64_t>& labels) {
  const Tensor pairs = image.matmul(text.index_select(0, at::tensor(labels)).t()).mul(20);
  return -0.5 * (pairs.log_softmax(1).diag().mean().item<double>() + pairs.log_softmax(0).diag().mean().item<double>());
}

}  // namespace

TEST_CASE("the symmetric contrast is the mean of both directions", "[symmetric_contrast]") {
  const Tensor image = unit_rows(normal_tensor({5, 16}, 1.0, Rng(2)));
  const Batch batch{.images = {0, 1, 2, 3, 4}, .labels = {7, 2, 0, 5, 1}, .weights = {}};
  CHECK(loss_of(image, batch) == Approx(written_out(image, batch.labels)).epsilon(1e-5));
}

TEST_CASE("two images of a class compete in the symmetric contrast", "[symmetric_contrast]") {
  const Tensor image = unit_rows(normal_tensor({4, 16}, 1.0, Rng(2)));
  const Batch batch{.images = {0, 1, 2, 3}, .labels = {3, 4, 0, 3}, .weights = {}};
  CHECK(SymmetricContrast().candidates(batch, mao::testing::toy_classes(9)).ids == std::vector<std::int64_t>{3, 4, 0});
  CHECK(loss_of(image, batch) == Approx(written_out(image, batch.labels)).epsilon(1e-5));
  const Batch one_class{.images = {0, 1, 2, 3}, .labels = {3, 3, 3, 3}, .weights = {}};
  CHECK(loss_of(image, one_class) >= std::log(4.0) - 1e-5);
}

TEST_CASE("an image of weight 0 leaves the symmetric contrast in both directions", "[symmetric_contrast]") {
  const Tensor image = unit_rows(normal_tensor({4, 16}, 1.0, Rng(2)));
  const Batch batch{.images = {0, 1, 2, 3}, .labels = {3, 4, 0, 5}, .weights = {1, 1, 0, 1}};
  const Tensor kept = image.index_select(0, at::tensor(std::vector<std::int64_t>{0, 1, 3}));
  CHECK(loss_of(image, batch) == Approx(written_out(kept, {3, 4, 5})).epsilon(1e-5));
  const Batch none{.images = {0, 1, 2, 3}, .labels = {3, 4, 0, 5}, .weights = {0, 0, 0, 0}};
  CHECK_THROWS_AS(loss_of(image, none), DataError);
}
