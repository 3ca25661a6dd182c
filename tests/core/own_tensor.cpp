// SPDX-License-Identifier: Apache-2.0
#include <mao/core/own_tensor.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("a copy of what holds a tensor holds another one, a handle the same", "[own_tensor]") {
  OwnTensor first = parameter(at::ones({2}));
  const OwnTensor second = first;
  const Tensor handle = first;
  CHECK_FALSE(second.is_same(first));
  CHECK(second.equal(first));
  CHECK((second.requires_grad() && second.is_leaf()));
  CHECK(handle.is_same(first));
  const OwnTensor moved = std::move(first);
  CHECK(moved.is_same(handle));
  CHECK_FALSE(OwnTensor(OwnTensor()).defined());

  const OwnParameter named("ctx", handle, 2), other = named;
  CHECK((other.name == "ctx" && other.rate == 2 && !other.value.is_same(handle)));
  OwnParameters list;
  list.push_back(named);
  const OwnParameters copy = list;
  const ParameterList handles = list;
  CHECK_FALSE(copy[0].value.is_same(list[0].value));
  CHECK(handles[0].value.is_same(list[0].value));
}
