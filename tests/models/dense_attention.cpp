// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/models/block.hpp>
#include <mao/models/detail/dense_attention.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>

#include <array>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("dense attention and its way back are the formula's", "[dense_attention]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const std::int64_t images = 2, length = 19;
  for (const auto& [width, count, more] : std::vector<std::array<std::int64_t, 3>>{
           {128, 2, 0}, {128, 2, 4}, {160, 2, 4}, {144, 3, 4}, {176, 2, 0}, {208, 2, 4}, {144, 2, 0}}) {
    const std::int64_t size = width / count;
    for (const bool first_only : {false, true}) {
      const std::int64_t queries = first_only ? images : images * length;
      const auto leaf = [](at::IntArrayRef shape) { return at::randn(shape).requires_grad_(true); };
      const Tensor q = leaf({queries, width}), k = leaf({images * length + more, width}),
                   v = leaf({images * length + more, width});
      const auto heads = [&](const Tensor& x) { return x.view({images, -1, count, size}).transpose(1, 2); };
      const auto seen = [&](const Tensor& x) {
        const Tensor shared = x.narrow(0, images * length, more)
                                  .view({1, more, count, size})
                                  .transpose(1, 2)
                                  .expand({images, count, more, size});
        return at::cat({shared, heads(x.narrow(0, 0, images * length))}, 2);
      };
      const Tensor expected =
          mao::detail::attention(heads(q), seen(k), seen(v), {}).transpose(1, 2).reshape({queries, width});
      const Tensor gradient = at::randn({queries, width});
      expected.backward(gradient);
      const mao::detail::DenseAttention attention{images, length, count, more, first_only};
      const mao::detail::Projections in{q.detach(), k.detach(), v.detach()};
      mao::detail::Projections back{at::empty_like(in.query), at::empty_like(in.key), at::empty_like(in.value)};
      CAPTURE(width, count, more, first_only);
      CHECK(relative_difference(attention.forward(in, nullptr), expected.detach()) < 3e-6);
      attention.backward(in, {}, gradient, back);
      CHECK(relative_difference(back.query, q.grad()) < 3e-6);
      CHECK(relative_difference(back.key, k.grad()) < 3e-6);
      CHECK(relative_difference(back.value, v.grad()) < 3e-6);
      const auto rounded = [](const Tensor& x) { return x.to(at::kBFloat16); };
      for (const InstructionSet most : {InstructionSet::Avx512, InstructionSet::Amx}) {
        const InstructionSetScope scope(most);
        CAPTURE(name_of(most));
        const Tensor found = attention.forward({rounded(in.query), rounded(in.key), rounded(in.value)}, nullptr);
        CHECK(found.scalar_type() == at::kBFloat16);
        CHECK(relative_difference(found, expected.detach()) < 2e-2);
      }
    }
  }
}

TEST_CASE("the heads of images on matrix tiles are the same by one thread and by two", "[dense_attention]") {
  MAO_SKIP_UNLESS(instruction_set() >= InstructionSet::Amx, "no AMX");
  const Tensor qkv = at::randn({3 * 50, 3 * 192}).to(at::kBFloat16);
  const mao::detail::Projections in{qkv.narrow(1, 0, 192), qkv.narrow(1, 192, 192), qkv.narrow(1, 384, 192)};
  const mao::detail::DenseAttention attention{3, 50, 3, 0, false};
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor alone = attention.forward(in, nullptr);
  at::set_num_threads(2);
  const Tensor shared = attention.forward(in, nullptr);
  at::set_num_threads(before);
  CHECK(at::equal(alone, shared));
}

#endif
