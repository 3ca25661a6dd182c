// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/policy_call.hpp>
#include <mao/core/detail/ops.hpp>

#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("what goes wrong in a policy is told in one line; mao's own errors pass", "[policy_call]") {
  const StepPlace place{.name = "new stage", .epoch = 1, .step = 2};
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
  CHECK_THAT(torch, ContainsSubstring("new stage, epoch 2, step 3: the labeller failed: The size of tensor a") &&
                        ContainsSubstring("; expected one label for each image"));
  CHECK(torch.find('\n') == std::string::npos);
  CHECK_THAT(message([] { static_cast<void>(std::vector<int>{}.at(3)); }), ContainsSubstring("the labeller failed: "));
  CHECK(message([] { throw std::runtime_error("no camera\nat port 3\n"); }) ==
        "new stage, epoch 2, step 3: the labeller failed: no camera at port 3; expected one label for each image");
}

TEST_CASE("the original is nested; what says that memory is out, or that somebody interrupts, passes as it is",
          "[policy_call]") {
  const auto expected = [] { return "a number"; };
  const auto call = [&](auto&& thrown) { policy_call({}, "the sampler", expected, [&] { throw thrown; }); };
  try {
    call(std::system_error(std::make_error_code(std::errc::io_error)));
    FAIL("nothing was thrown");
  } catch (const PolicyError& error) {
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::system_error);
  }
  struct Interrupted {};
  CHECK_THROWS_AS(call(std::bad_alloc()), std::bad_alloc);
  CHECK_THROWS_AS(call(Interrupted{}), Interrupted);
}
