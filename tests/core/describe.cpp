// SPDX-License-Identifier: Apache-2.0
#include <mao/core/describe.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

struct Inner {
  double mean = 15;
  int length = 0;
  static constexpr const char* fields[] = {"mean", "length"};
};
struct Settings {
  double share = 0.1;
  std::vector<std::string> templates{"a {}"};
  Inner inner{};
  static constexpr const char* fields[] = {"share", "templates", "inner"};
};

struct Told {
  Settings settings;
  [[nodiscard]] Description describe() const { return described("Told", settings); }
};
struct ToldAsText {
  [[nodiscard]] std::string describe() const { return "ToldAsText, share 0.1"; }
};
template <class HostT>
struct Silent {};

}  // namespace

TEST_CASE("a policy is what it says of itself, otherwise its type", "[describe]") {
  STATIC_REQUIRE(DescribesItself<Told> && DescribesItself<ToldAsText> && !DescribesItself<Silent<Told>>);
  CHECK(description_of(Told{}).text() == "Told, share 0.1, templates ['a {}'], inner.mean 15, inner.length 0");
  CHECK(description_of(ToldAsText{}).text() == "ToldAsText, share 0.1");
  CHECK_THAT(description_of(Silent<Told>{}).name, ContainsSubstring("Silent<") && ContainsSubstring("Told>"));
  CHECK(description_of(Silent<Told>{}, true) == description_of(Silent<int>{}, true));
  CHECK_FALSE(description_of(Silent<Told>{}) == description_of(Silent<int>{}));
}

TEST_CASE("a description is put together of parts, and leaves out what changes no number", "[describe]") {
  const Description whole = Description("Outer").with("steps", 4).with("host", description_of(Told{}));
  CHECK(whole.text() ==
        "Outer, steps 4, host Told, host.share 0.1, host.templates ['a {}'], host.inner.mean 15, host.inner.length 0");
  CHECK(whole.without("steps").settings.size() + 1 == whole.settings.size());
  CHECK(whole.settings.front() == std::pair<std::string, std::string>("steps", "4"));
}
