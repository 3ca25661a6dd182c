// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/tile_attention.hpp>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>

#include <mao/core/detail/ops.hpp>
#include <support/catch.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;

namespace {

struct Head {
  Tensor query, key, value;  // [Q, 64], [K, 64], [K, 64]
};

Head random_head(std::int64_t queries, std::int64_t keys, double size) {
  const auto rounded = [&](std::int64_t rows) { return (at::randn({rows, 64}) * size).to(at::kBFloat16); };
  return {rounded(queries), rounded(keys), rounded(keys)};
}

Tensor mixed(mao::detail::TileAttention& attention, const Head& head, float scale) {
  const mao::detail::MatrixTiles tiles;
  const auto row_of = [](const Tensor& x) {
    return [numbers = x.const_data_ptr<c10::BFloat16>()](std::int64_t i) { return numbers + 64 * i; };
  };
  const Tensor result = at::empty_like(head.query);
  auto* out = result.mutable_data_ptr<c10::BFloat16>();
  attention.pack(row_of(head.key), row_of(head.value));
  attention.mix(head.query.size(0), scale, row_of(head.query), [&](std::int64_t i) { return out + 64 * i; });
  return result;
}

Tensor expected(const Head& head, float scale) {
  const Tensor q = head.query.to(at::kDouble), k = head.key.to(at::kDouble), v = head.value.to(at::kDouble);
  return at::matmul(at::softmax(at::matmul(q, k.t()) * scale, -1), v);
}

double distance(const Tensor& found, const Tensor& wanted) {
  return (found.to(at::kDouble) - wanted).norm().item<double>() / wanted.norm().item<double>();
}

}  // namespace

TEST_CASE("a head on matrix tiles mixes what the formula does, for any number of queries and keys") {
  MAO_SKIP_UNLESS(instruction_set() >= InstructionSet::Amx, "no AMX");
  for (const std::int64_t keys : {1, 2, 15, 16, 17, 31, 32, 33, 64, 197}) {
    mao::detail::TileAttention attention(keys);
    for (const std::int64_t queries : {1, 31, 32, 33, 197}) {
      CAPTURE(keys, queries);
      const Head head = random_head(queries, keys, 1.0);
      CHECK(distance(mixed(attention, head, 0.125F), expected(head, 0.125F)) < 5e-3);
    }
  }
}

TEST_CASE("scores far below zero, far above and far apart") {
  MAO_SKIP_UNLESS(instruction_set() >= InstructionSet::Amx, "no AMX");
  mao::detail::TileAttention attention(21);
  for (const float scale : {1e-3F, 1.0F, 30.0F}) {
    CAPTURE(scale);
    const Head head = random_head(40, 21, 3.0);
    CHECK(distance(mixed(attention, head, scale), expected(head, scale)) < 5e-3);
    const Head below{head.query.abs(), head.key.abs().neg(), head.value};
    CHECK(distance(mixed(attention, below, scale), expected(below, scale)) < 5e-3);
    const Head above{head.query.abs(), head.key.abs(), head.value};
    CHECK(distance(mixed(attention, above, scale), expected(above, scale)) < 5e-3);
  }
}

#endif
