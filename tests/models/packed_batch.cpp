// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/packed_batch.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("each row is read out at its last token, an empty one in the padding") {
  const TextBatch batch{at::zeros({2, 3, 8}), at::zeros({9, 8}), {0, 2, 5, 5, 5}, {1, 0, 0, 0}};
  CHECK(cuda::last_tokens(batch) == std::vector<std::int64_t>{7, 10, 11, 12});
  const auto layout = cuda::PackedAttention::of(cuda::packed_rows(batch), at::kCPU, cuda::last_tokens(batch));
  CHECK(layout.queries() == 4);
  CHECK(layout.tokens() == 15);
  CHECK(layout.raw().row[4] == 1);
  CHECK(layout.raw().row[5] == -1);
}
