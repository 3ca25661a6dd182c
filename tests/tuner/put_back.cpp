// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/put_back.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

/// Counts its steps, and has no other place for buffers.
struct PutBackCounting : Coop<ToyModel> {
  using Coop<ToyModel>::Coop;
  [[nodiscard]] TensorMap buffers() const { return {{"steps", steps}}; }
  void set_buffers(const TensorMap& given) {
    if (const auto found = given.find("steps"); found != given.end()) steps = found->second.to(at::kLong).clone();
  }
  Tensor steps = at::ones({1}, at::kLong);
};

}  // namespace

TEST_CASE("each parameter has its tensor, of its shape and type", "[put_back]") {
  const ParameterList parameters{{"ctx", parameter(at::ones({2, 3}))}};
  CHECK_NOTHROW(expect_tensors({{"ctx", at::ones({2, 3})}}, parameters, "file"));
  CHECK_THROWS_WITH(expect_tensors({}, parameters, "file"), "file: the saved state has no ctx");
  CHECK_THROWS_WITH(expect_tensors({{"ctx", at::ones({3, 2})}}, parameters, "file"),
                    ContainsSubstring("file: saved ctx has shape [3, 2], expected [2, 3]"));
  for (const auto type : {at::kInt, at::kHalf, at::kDouble}) {
    CHECK_THROWS_WITH(expect_tensors({{"ctx", at::ones({2, 3}, type)}}, parameters, "file"),
                      ContainsSubstring("file: saved ctx is of type ") && ContainsSubstring(", expected Float"));
  }
}

TEST_CASE("each buffer is taken as it is, or refused by name and nothing changes", "[put_back]") {
  PutBackCounting counting(ToyModel::make(), toy_classes(3));
  put_buffers(counting, {{"steps", at::ones({1}, at::kLong) * 5}}, "file");
  CHECK(counting.steps.item<std::int64_t>() == 5);
  const auto refuse = [&](const TensorMap& given, const std::string& why) {
    CHECK_THROWS_AS(put_buffers(counting, given, "file"), FormatError);
    CHECK_THROWS_WITH(put_buffers(counting, given, "file"), ContainsSubstring("file: there is a tensor " + why));
    CHECK(counting.steps.item<std::int64_t>() == 5);
  };
  refuse({{"steps", at::zeros({1}, at::kLong)}, {"ghost", at::ones({1})}}, "ghost, which this method does not have");
  refuse({{"steps", at::zeros({1})}}, "steps of type Float, expected Long");
  Coop<ToyModel> without(ToyModel::make(), toy_classes(3));
  CHECK_NOTHROW(put_buffers(without, {}, "file"));
  CHECK_THROWS_WITH(put_buffers(without, {{"steps", at::ones({1})}}, "file"), ContainsSubstring("steps, which this"));
}
