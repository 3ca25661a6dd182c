// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/padded_rows.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("rows are padded to the context and read where the pooling says", "[padded_rows]") {
  TextBatch batch;
  batch.prefix = at::arange(4, at::kFloat).view({2, 1, 2});
  batch.suffix = at::arange(10, 18, at::kFloat).view({4, 2});
  batch.offsets = {0, 1, 4};
  batch.group = {1, 0};
  const Tensor padding = at::full({2}, -1.0F);
  const auto rows = [&](std::int64_t begin, std::int64_t end, TextPooling pooling) {
    return mao::detail::PaddedRows::of(batch, begin, end, padding, 5, pooling);
  };
  const auto all = rows(0, 2, TextPooling::End);
  CHECK(all.embeddings.equal(at::tensor({2, 3, 10, 11, -1, -1, -1, -1, -1, -1, 0, 1, 12, 13, 14, 15, 16, 17, -1, -1})
                                 .to(at::kFloat)
                                 .view({2, 5, 2})));
  CHECK(all.read.equal(at::tensor({1, 3}, at::kLong)));
  CHECK(rows(0, 2, TextPooling::First).read.equal(at::zeros({2}, at::kLong)));
  CHECK(rows(0, 2, TextPooling::Last).read.equal(at::full({2}, 4, at::kLong)));
  CHECK(rows(1, 2, TextPooling::End).embeddings.equal(all.embeddings.narrow(0, 1, 1)));
}
