// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.hpp"

#include <support/catch.hpp>

using namespace mao;

namespace {

MethodSummary method(const std::string& title, const std::vector<double>& base) {
  MethodSummary result{.key = title, .title = title};
  for (std::size_t i = 0; i < base.size(); ++i) {
    result.scores["set " + std::to_string(i)] = score_statistics({{1, {base[i], not_tested, not_tested}}});
  }
  return result;
}

}  // namespace

TEST_CASE("two methods are compared on the data sets and scores that both have", "[comparison]") {
  const auto comparisons = compare_methods(method("a", {80, 70, 61, 50}), method("b", {79, 68, 58}));
  REQUIRE(comparisons.size() == 1);
  CHECK(comparisons[0].score == "Base");
  CHECK(comparisons[0].data_sets == 3);
  CHECK(comparisons[0].better == 3);
  CHECK(comparisons[0].difference == Approx(2));
  CHECK(comparisons[0].ranks.two_sided == Approx(0.25));
  CHECK(compare_methods(method("a", {80}), method("b", {})).empty());
}

TEST_CASE("summaries are compared without zero-shot", "[comparison]") {
  const Summary first{.data_sets = {"set 0"}, .methods = {method("zero-shot", {1}), method("a", {2})}};
  const Summary second{.data_sets = {"set 0"}, .methods = {method("zero-shot", {1}), method("b", {3})}};
  const auto comparisons = compare_summaries(first, second);
  REQUIRE(comparisons.size() == 1);
  CHECK_THAT(csv_text(comparison_table(comparisons)), ContainsSubstring("a,b,Base,1,−1.00,0,1,"));
}
