// SPDX-License-Identifier: Apache-2.0
#include <mao/kernels/cuda/attention.hpp>

#include <limits>

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/kernels/cuda/attention_backward.cuh>
#include <mao/kernels/cuda/buckets.hpp>

#include "compare.hpp"
#include "thread_lanes.hpp"

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;
using mao_test::distance;

namespace {

struct Case {
  std::int64_t prefix, groups, attended, heads, width;
  std::vector<std::int64_t> offsets{0, 3, 4, 9, 11};
  bool padded = false;
  std::vector<std::int64_t> queries{};

  [[nodiscard]] PackedRows rows() const {
    PackedRows rows{.groups = groups, .prefix = prefix, .offsets = offsets, .group = {}, .suffix = 0};
    for (std::size_t r = 0; r + 1 < offsets.size(); ++r)
      rows.group.push_back(static_cast<std::int64_t>(r * 7) % groups);
    if (padded) {
      pad_rows(rows.offsets, rows.group, {8, offsets.back() + 5});
      rows.suffix = offsets.back() + 5;
    }
    return rows;
  }
};

AttentionTensors tensors_of(const Case& c, at::ScalarType dtype) {
  const std::int64_t tokens = c.groups * c.prefix + c.rows().suffix_tokens(), width = c.heads * c.width;
  const Tensor qkv = mao_test::random({tokens, 3 * width}, 1, dtype);
  AttentionTensors tensors{
      qkv.narrow(1, 0, width), qkv.narrow(1, width, width), qkv.narrow(1, 2 * width, width), {}, {}, c.heads};
  if (!c.queries.empty()) tensors.q = mao_test::random({static_cast<std::int64_t>(c.queries.size()), width}, 2, dtype);
  if (c.attended > 0) {
    tensors.attended_k = mao_test::random({c.attended, width}, 3, dtype);
    tensors.attended_v = mao_test::random({c.attended, width}, 4, dtype);
  }
  return tensors;
}

/// What sees what, written down from the definition: [Q, m + tokens], true where a query sees a key.
Tensor visible(const Case& c) {
  const PackedRows rows = c.rows();
  const std::int64_t shared = c.groups * c.prefix, tokens = shared + rows.suffix_tokens();
  Tensor all = at::full({tokens, c.attended + tokens}, false, at::kBool);
  const auto see = [&](std::int64_t query, std::int64_t key) { all[query][key].fill_(true); };
  const auto see_attended = [&](std::int64_t query) {
    for (std::int64_t i = 0; i < c.attended; ++i) see(query, i);
  };
  for (std::int64_t token = 0; token < shared; ++token) {
    see_attended(token);
    for (std::int64_t key = 0; key <= token; ++key) {
      if (key / c.prefix == token / c.prefix) see(token, c.attended + key);
    }
  }
  for (std::size_t r = 0; r < rows.group.size(); ++r) {
    for (std::int64_t n = rows.offsets[r]; n < rows.offsets[r + 1]; ++n) {
      see_attended(shared + n);
      for (std::int64_t i = 0; i < c.prefix; ++i) see(shared + n, c.attended + rows.group[r] * c.prefix + i);
      for (std::int64_t i = rows.offsets[r]; i <= n; ++i) see(shared + n, c.attended + shared + i);
    }
  }
  return c.queries.empty() ? all : all.index_select(0, at::tensor(c.queries));
}

/// The plain formula in double precision. Queries that see nothing give zero.
Tensor plain(const AttentionTensors& tensors, const Tensor& mask) {
  const auto heads = [&](const Tensor& x) {
    return x.view({x.size(0), tensors.heads, x.size(1) / tensors.heads}).transpose(0, 1);
  };
  const bool more = tensors.attended_k.defined();
  const Tensor k = heads(more ? at::cat({tensors.attended_k, tensors.k}) : tensors.k);
  const Tensor v = heads(more ? at::cat({tensors.attended_v, tensors.v}) : tensors.v);
  const Tensor scores = at::matmul(heads(tensors.q), k.transpose(1, 2)) / std::sqrt(static_cast<double>(k.size(2)));
  const Tensor hidden = mask.logical_not();
  const Tensor weights = at::softmax(scores.masked_fill(hidden, -1e30), -1).masked_fill(hidden, 0);
  return at::matmul(weights, v).transpose(0, 1).reshape(tensors.q.sizes());
}

struct Expected {
  Tensor out;
  AttentionTensors leaves;
};

Expected expected_of(const Case& c, const AttentionTensors& tensors, const Tensor& gradient) {
  AttentionTensors leaves{mao_test::exact(tensors.q),          mao_test::exact(tensors.k),
                          mao_test::exact(tensors.v),          mao_test::exact(tensors.attended_k),
                          mao_test::exact(tensors.attended_v), tensors.heads};
  const Tensor out = plain(leaves, visible(c));
  (out * gradient.to(at::kDouble)).sum().backward();
  return {out, leaves};
}

void check(const Case& c, at::ScalarType dtype) {
  CAPTURE(c.prefix, c.groups, c.attended, c.heads, c.width, c.padded, c.queries.size(), c10::toString(dtype));
  const AttentionTensors tensors = tensors_of(c, dtype);
  const auto layout = PackedAttention::of(c.rows(), at::kCPU, c.queries);
  const Tensor given = mao_test::random(tensors.q.sizes(), 5, dtype);
  const Expected expected = expected_of(c, tensors, given);
  const AttendedRows actual = attention_forward(tensors, layout);
  const AttentionGradients gradients = attention_backward(given, tensors, actual, layout);
  const double allowed = mao_test::tolerance(dtype);
  CHECK(distance(actual.out, expected.out) < allowed);
  CHECK(distance(gradients.q, expected.leaves.q.grad()) < allowed);
  CHECK(distance(gradients.k, expected.leaves.k.grad()) < allowed);
  CHECK(distance(gradients.v, expected.leaves.v.grad()) < allowed);
  if (c.attended > 0) {
    CHECK(distance(gradients.attended_k, expected.leaves.attended_k.grad()) < allowed);
    CHECK(distance(gradients.attended_v, expected.leaves.attended_v.grad()) < allowed);
  }
}

const std::vector<Case> cases{
    {.prefix = 0, .groups = 1, .attended = 0, .heads = 1, .width = 64},
    {.prefix = 1, .groups = 1, .attended = 0, .heads = 2, .width = 64},
    {.prefix = 5, .groups = 1, .attended = 0, .heads = 8, .width = 64},
    {.prefix = 17, .groups = 1, .attended = 0, .heads = 3, .width = 64},
    {.prefix = 4, .groups = 3, .attended = 0, .heads = 2, .width = 64},
    {.prefix = 5, .groups = 2, .attended = 3, .heads = 2, .width = 33},
    {.prefix = 0, .groups = 1, .attended = 2, .heads = 2, .width = 1},
    {.prefix = 2, .groups = 2, .attended = 1, .heads = 1, .width = 128, .padded = true},
    {.prefix = 3, .groups = 2, .attended = 2, .heads = 2, .width = 64, .padded = true, .queries = {8, 9, 14, 16}}};

}  // namespace

TEST_CASE("attention of packed rows and its gradients are those of the plain formula") {
  for (const Case& c : cases) {
    check(c, at::kFloat);
    check(c, at::kBFloat16);
  }
}

TEST_CASE("shared keys: many queries are summed up in parts") {
  std::vector<std::int64_t> offsets{0};
  for (std::int64_t r = 0; r < 61; ++r) offsets.push_back(offsets.back() + 1 + r % 5);
  const Case many{.prefix = 3, .groups = 2, .attended = 1, .heads = 1, .width = 64, .offsets = offsets};
  REQUIRE(mao::cuda::detail::parts_of(PackedAttention::of(many.rows(), at::kCPU)) > 3);
  check(many, at::kFloat);
}

TEST_CASE("attention by the 32 lanes of a warp is that by one") {
  for (const std::size_t i : {5, 8}) {
    const Case& c = cases[i];
    const AttentionTensors tensors = tensors_of(c, at::kFloat);
    const auto layout = PackedAttention::of(c.rows(), at::kCPU, c.queries);
    const AttendedRows one = attention_forward(tensors, layout);
    AttendedRows warp{at::full(one.out.sizes(), 7.0), at::full(one.log_sum.sizes(), 7.0)};
    const auto in = mao::cuda::detail::input_of<float>(tensors, layout);
    mao_test::run_with_threads(
        AttentionForward<float>{in, mao::cuda::detail::head_rows<float>(warp.out), pointer<float>(warp.log_sum)});
    CHECK(distance(warp.out, one.out) < 1e-6);
    CHECK(distance(warp.log_sum, one.log_sum) < 1e-6);

    const Tensor given = mao_test::random(tensors.q.sizes(), 5);
    const AttentionGradients gradients = attention_backward(given, tensors, one, layout);
    const AttentionSaved<float> saved{in, mao::cuda::detail::head_rows<const float>(one.out),
                                      mao::cuda::detail::head_rows<const float>(given), pointer<float>(one.log_sum)};
    const Tensor q = at::full(gradients.q.sizes(), 7.0), k = at::full(gradients.k.sizes(), 7.0);
    const Tensor v = at::full(gradients.v.sizes(), 7.0), inner = at::full(one.log_sum.sizes(), 7.0);
    const std::int64_t shared = in.attended + in.layout.shared();
    const Tensor partial = at::full({2, shared, 2, tensors.q.size(1)}, 7.0);
    mao_test::run_with_threads(
        AttentionQueryGradient<float>{saved, mao::cuda::detail::head_rows<float>(q), pointer<float>(inner)});
    mao_test::run_with_threads(
        AttentionKeyGradient<float>{saved, pointer<float>(inner), mao::cuda::detail::head_rows<float>(k),
                                    mao::cuda::detail::head_rows<float>(v), pointer<float>(partial), 2});
    const Tensor attended_k = at::full(gradients.attended_k.sizes(), 7.0), attended_v = attended_k.clone();
    mao_test::run_with_threads(AttentionSharedGradient<float>{
        pointer<float>(partial), 2, in.heads, in.width, in.attended, shared, mao::cuda::detail::head_rows<float>(k),
        mao::cuda::detail::head_rows<float>(v), mao::cuda::detail::head_rows<float>(attended_k),
        mao::cuda::detail::head_rows<float>(attended_v)});
    CHECK(distance(q, gradients.q) < 1e-6);
    CHECK(distance(k, gradients.k) < 1e-6);
    CHECK(distance(v, gradients.v) < 1e-6);
    CHECK(distance(attended_k, gradients.attended_k) < 1e-6);
    CHECK(distance(attended_v, gradients.attended_v) < 1e-6);
  }
}

TEST_CASE("attention says which tensor does not fit") {
  const Case& c = cases[2];
  const auto layout = PackedAttention::of(c.rows(), at::kCPU);
  AttentionTensors tensors = tensors_of(c, at::kFloat);
  tensors.heads = 7;
  CHECK_THROWS_WITH(attention_forward(tensors, layout), ContainsSubstring("width 512 in 7 heads"));
  tensors = tensors_of(c, at::kFloat);
  tensors.v = tensors.v.to(at::kBFloat16);
  CHECK_THROWS_WITH(attention_forward(tensors, layout), ContainsSubstring("v is BFloat16 on cpu, expected Float"));
  tensors = tensors_of(c, at::kFloat);
  tensors.k = tensors.k.narrow(0, 0, 4);
  CHECK_THROWS_WITH(attention_forward(tensors, layout), ContainsSubstring("k has shape [4, 512]"));
  tensors = tensors_of(c, at::kHalf);
  CHECK_THROWS_WITH(attention_forward(tensors, layout), ContainsSubstring("dtype Half"));
}
