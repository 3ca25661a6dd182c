// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/bert_attention.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>

#include <cmath>

#include <mao/core/detail/ops.hpp>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;

#if MAO_HAS_AVX512_KERNELS

namespace {

constexpr std::int64_t heads = 3, row_width = 96, head_width = row_width / heads;

/// The formula, row by row.
Tensor attended(const Tensor& qkv, const std::vector<std::int64_t>& offsets) {
  std::vector<Tensor> rows;
  for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
    const std::int64_t length = offsets[row + 1] - offsets[row];
    const auto parts = qkv.narrow(0, offsets[row], length).view({length, 3, heads, head_width}).permute({1, 2, 0, 3});
    const Tensor scores = parts[0].matmul(parts[1].transpose(1, 2)) / std::sqrt(static_cast<double>(head_width));
    rows.push_back(scores.softmax(-1).matmul(parts[2]).transpose(0, 1).reshape({length, row_width}));
  }
  return at::cat(rows);
}

}  // namespace

TEST_CASE("attention of packed rows and its gradient are those of the formula, for any length") {
  MAO_SKIP_UNLESS(instruction_set() >= InstructionSet::Avx512, "no AVX-512");
  const std::vector<std::int64_t> offsets{0, 1, 18, 34, 40};
  const Tensor qkv = parameter(at::randn({40, 3 * row_width}) * 1.5);
  const Tensor direction = at::randn({40, row_width}), expected = attended(qkv, offsets);
  (expected * direction).sum().backward();
  const detail::PackedBertAttention attention(offsets, heads, row_width);
  Tensor weights;
  CHECK(mao::testing::relative_difference(attention.forward(qkv.detach(), weights), expected.detach()) < 1e-5);
  CHECK(mao::testing::relative_difference(attention.backward(qkv.detach(), weights, direction), qkv.grad()) < 1e-5);
}

#endif
