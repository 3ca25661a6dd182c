// SPDX-License-Identifier: Apache-2.0
#include <mao/core/policy_call.hpp>

#include <vector>

#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("what goes wrong in a policy is told in one line; mao's own errors pass", "[policy_call]") {
  const StepPlace place{.name = "new step", .epoch = 1, .step = 2};
  const auto expected = [] { return "one label for each image"; };
  CHECK(policy_call(place, "the labeller", expected, [] { return 7; }) == 7);
  CHECK_THROWS_AS(policy_call(place, "the labeller", expected, []() -> int { throw DataError("mine"); }), DataError);
  const auto message = [&](auto&& call) -> std::string {
    try {
      policy_call(place, "the labeller", expected, call);
    } catch (const PolicyError& error) {
      return error.what();
    }
    return "";
  };
  const std::string torch = message([] { static_cast<void>(at::ones({2, 3}).add(at::ones({4, 5}))); });
  CHECK_THAT(torch, ContainsSubstring("new step, epoch 2, step 3: the labeller failed: The size of tensor a") &&
                        ContainsSubstring("; expected one label for each image"));
  CHECK(torch.find('\n') == std::string::npos);
  CHECK_THAT(message([] { static_cast<void>(std::vector<int>{}.at(3)); }), ContainsSubstring("the labeller failed: "));
}
