// SPDX-License-Identifier: Apache-2.0
#include <mao/regularizers/alterable.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/prompts/context.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;

namespace {

struct Losses {
  Tensor loss, text_gradient, image_gradient;
};

// The loss of a batch of random features, encoding the named candidates alone.
Losses loss_of(const AlterableRegularizer& regularizer, const Batch& batch, const Candidates& candidates,
               std::int64_t classes) {
  const Tensor text = normal_tensor({classes, 16}, 1.0, Rng(1)).requires_grad_(true);
  const Tensor image = normal_tensor({batch.size(), 16}, 1.0, Rng(2)).requires_grad_(true);
  const Tensor rows = text.index_select(0, at::tensor(candidates.ids));
  const Tensor loss = regularizer(compare(unit_rows(image), unit_rows(rows), 20.0, candidates), batch);
  loss.backward();
  return {loss, text.grad(), image.grad()};
}

ClassList classes_of(std::int64_t count) { return mao::testing::toy_classes(count); }

}  // namespace

TEST_CASE("reg-B asks for the distinct classes of the batch", "[alterable]") {
  const AlterableRegularizer regularizer;
  const Batch batch{.images = {0, 1, 2, 3, 4}, .labels = {7, 2, 7, 0, 2}, .weights = {}};
  CHECK(regularizer.candidates(batch, classes_of(9)).ids == std::vector<std::int64_t>{7, 2, 0});
  const AlterableRegularizer all({.task = AlterableRegularizer::Task::New});
  CHECK(all.candidates(batch, classes_of(9)) == Candidates::all(9));
}

TEST_CASE("reg-B over all classes present is the full cross entropy", "[alterable]") {
  const Batch batch{.images = {0, 1, 2, 3}, .labels = {3, 1, 0, 2}, .weights = {}};
  const AlterableRegularizer base, fresh({.task = AlterableRegularizer::Task::New});
  const auto some = loss_of(base, batch, base.candidates(batch, classes_of(4)), 4);
  const auto full = loss_of(fresh, batch, Candidates::all(4), 4);
  CHECK(largest_difference(some.loss, full.loss) < 1e-5);
  CHECK(relative_difference(some.text_gradient, full.text_gradient) < 1e-5);
}

TEST_CASE(
    "one column an image equals distinct columns when no class repeats, and exceeds them by ln 2 at most otherwise",
    "[alterable]") {
  const AlterableRegularizer distinct, released({.columns = AlterableRegularizer::Columns::PerImage});
  const Batch unique{.images = {0, 1, 2}, .labels = {3, 1, 0}, .weights = {}};
  const Candidates three = distinct.candidates(unique, classes_of(5));
  CHECK(largest_difference(loss_of(distinct, unique, three, 5).loss, loss_of(released, unique, three, 5).loss) < 1e-6);
  const Batch repeated{.images = {0, 1, 2}, .labels = {3, 1, 3}, .weights = {}};
  const Candidates two = distinct.candidates(repeated, classes_of(5));
  const double gap =
      loss_of(released, repeated, two, 5).loss.item<double>() - loss_of(distinct, repeated, two, 5).loss.item<double>();
  CHECK(gap > 0);
  CHECK(gap <= std::log(2.0) + 1e-6);
}

TEST_CASE("an image of weight 0 leaves the loss, the others keep theirs", "[alterable]") {
  const AlterableRegularizer all({.task = AlterableRegularizer::Task::New});
  const Batch weighted{.images = {0, 1, 2}, .labels = {3, 1, 0}, .weights = {1, 0, 1}};
  const auto masked = loss_of(all, weighted, Candidates::all(5), 5);
  CHECK(masked.image_gradient[1].abs().max().item<double>() == 0);
  CHECK(masked.image_gradient[0].abs().max().item<double>() > 0);
  const Batch even{.images = {0, 1, 2}, .labels = {3, 1, 0}, .weights = {2, 2, 2}};
  const Batch plain{.images = {0, 1, 2}, .labels = {3, 1, 0}, .weights = {}};
  CHECK(largest_difference(loss_of(all, even, Candidates::all(5), 5).loss,
                           loss_of(all, plain, Candidates::all(5), 5).loss) < 1e-6);
}

TEST_CASE("soft targets count in reg-N; reg-B goes by the labels", "[alterable]") {
  const AlterableRegularizer base, fresh({.task = AlterableRegularizer::Task::New});
  const Batch hard{.images = {0, 1}, .labels = {1, 0}, .weights = {}};
  Batch soft = hard;
  soft.targets = {0.5F, 0.5F, 0, 1, 0, 0};
  const Candidates all = Candidates::all(3), present = base.candidates(hard, classes_of(3));
  CHECK(largest_difference(loss_of(fresh, soft, all, 3).loss, loss_of(fresh, hard, all, 3).loss) > 1e-3);
  CHECK(largest_difference(loss_of(base, soft, present, 3).loss, loss_of(base, hard, present, 3).loss) == 0);
  soft.targets = {0, 1, 0, 1, 0, 0};
  CHECK(largest_difference(loss_of(fresh, soft, all, 3).loss, loss_of(fresh, hard, all, 3).loss) < 1e-6);
}

TEST_CASE("a label that is no candidate is refused", "[alterable]") {
  CHECK_THROWS_WITH(columns_of({2}, Candidates{{0, 1}}), ContainsSubstring("label 2 is not among the 2 candidates"));
}
