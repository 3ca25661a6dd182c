// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/packed_attention.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;
using mao::testing::relative_difference;

namespace {

constexpr std::int64_t width = 64;

mao::detail::Projections parts_of(const Tensor& qkv, std::int64_t queries) {
  return {qkv.narrow(1, 0, width).narrow(0, 0, queries), qkv.narrow(1, width, width), qkv.narrow(1, 2 * width, width)};
}

// Row by row, in formulas.
Tensor by_hand(const Tensor& qkv, const mao::detail::PackedSequences& sequences) {
  const Tensor q = qkv.narrow(1, 0, width), k = qkv.narrow(1, width, width), v = qkv.narrow(1, 2 * width, width);
  std::vector<Tensor> out(static_cast<std::size_t>(sequences.attended_begin));
  for (const auto& s : sequences.all) {
    for (std::int64_t i = 0; i < s.length; ++i) {
      const auto seen = [&](const Tensor& x) {
        return at::cat({x.narrow(0, sequences.attended_begin, sequences.attended),
                        x.narrow(0, s.prefix, s.prefix_length), x.narrow(0, s.begin, i + 1)});
      };
      const Tensor weights = at::softmax(at::matmul(q.narrow(0, s.begin + i, 1), seen(k).t()) * 0.125, -1);
      out[static_cast<std::size_t>(s.begin + i)] = at::matmul(weights, seen(v));
    }
  }
  return at::cat(out);
}

}  // namespace

TEST_CASE("packed attention and its way back are the formula's", "[packed_attention]") {
  if (instruction_set() == InstructionSet::Portable) return;
  for (const std::int64_t attended : {0, 3}) {
    const TextBatch batch{at::zeros({2, 5, width}), at::zeros({27, width}), {0, 2, 23, 24, 27}, {1, 0, 1, 1}};
    const mao::detail::TextRows rows(batch);
    const auto sequences = rows.sequences(attended, 0, false);
    const Tensor qkv = at::randn({rows.total() + attended, 3 * width}).requires_grad_(true);
    const Tensor expected = by_hand(qkv, sequences), gradient = at::randn({rows.total(), width});
    expected.backward(gradient);
    CAPTURE(attended);
    const auto compare = [&](const mao::detail::PackedAttention& attention, std::int64_t of_gradient) {
      const Tensor plain = qkv.detach();
      Tensor weights, back = at::zeros_like(plain);
      auto to = parts_of(back, rows.total());
      const Tensor out = attention.forward(parts_of(plain, rows.total()), &weights);
      attention.backward(parts_of(plain, rows.total()), weights, gradient, to);
      CHECK(relative_difference(out, expected.detach()) < 2e-6);
      CHECK(relative_difference(back.narrow(0, 0, of_gradient), qkv.grad().narrow(0, 0, of_gradient)) < 2e-6);
      return back;
    };
    compare(mao::detail::PackedAttention(sequences), qkv.size(0));
    if (attended == 0) continue;
    const Tensor more = qkv.detach().narrow(0, rows.total(), attended).clone();
    const Tensor back = compare(
        mao::detail::PackedAttention(sequences, {more.narrow(1, width, width), more.narrow(1, 2 * width, width)}),
        rows.total());
    CHECK(back.narrow(0, rows.total(), attended).abs().max().item<float>() == 0);  // constants get no gradient
  }
}

#endif
