// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/policy_text.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

struct Told {
  double share = 0.1;
  [[nodiscard]] std::string describe() const { return "Told, share " + detail::exact_text(share); }
};
template <class HostT>
struct Silent {};

}  // namespace

TEST_CASE("a policy is what it says of itself, otherwise its type", "[policy_text]") {
  STATIC_REQUIRE(DescribesItself<Told> && !DescribesItself<Silent<Told>>);
  CHECK(policy_text(Told{}) == "Told, share 0.1");
  CHECK(method_text(Told{}) == "Told, share 0.1");
  CHECK_THAT(policy_text(Silent<Told>{}), ContainsSubstring("Silent<") && ContainsSubstring("Told>"));
  CHECK(method_text(Silent<Told>{}) == method_text(Silent<int>{}));
}

TEST_CASE("numbers are told apart to the last digit", "[policy_text]") {
  CHECK(detail::exact_text(5e-4) == "5e-04");
  CHECK(detail::exact_text(0.1 + 0.2) != detail::exact_text(0.3));
  CHECK(detail::exact_text(1.7976931348623157e308).size() < 32);
}
