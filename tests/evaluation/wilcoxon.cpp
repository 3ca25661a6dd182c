// SPDX-License-Identifier: Apache-2.0
#include <mao/evaluation/wilcoxon.hpp>

#include <mao/core/error.hpp>
#include <mao/core/random.hpp>

#include <algorithm>
#include <limits>

#include <support/catch.hpp>

using mao::wilcoxon;

namespace {

/// Differences 1 .. 11, of which those listed are negative.
mao::SignedRanks eleven(const std::vector<int>& negative) {
  std::vector<double> first, second(11, 50.0);
  for (int rank = 1; rank <= 11; ++rank) {
    const bool minus = std::find(negative.begin(), negative.end(), rank) != negative.end();
    first.push_back(50.0 + (minus ? -rank : rank));
  }
  return wilcoxon(first, second);
}

/// P(W+ >= w) by trying every combination of signs.
double by_enumeration(const std::vector<double>& ranks, double w) {
  int hits = 0;
  for (unsigned signs = 0; signs < (1U << ranks.size()); ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) sum += (signs >> i & 1U) != 0 ? ranks[i] : 0;
    hits += sum >= w ? 1 : 0;
  }
  return hits / static_cast<double>(1U << ranks.size());
}

}  // namespace

TEST_CASE("the p-values of eleven data sets are those of the tables", "[wilcoxon]") {
  const mao::SignedRanks ten = eleven({10});
  CHECK(ten.pairs == 11);
  CHECK(ten.negative == 10);
  CHECK(ten.positive == 56);
  CHECK(ten.two_sided == Approx(0.042).margin(5e-4));
  CHECK(ten.two_sided == Approx(2 * 43.0 / 2048));
  CHECK(eleven({11}).two_sided > 0.05);  // W- = 11: 10 is the critical value at 5 percent
  const mao::SignedRanks thirteen = eleven({6, 7});
  CHECK(thirteen.negative == 13);
  CHECK(thirteen.greater == Approx(0.0415).margin(5e-5));
  CHECK(thirteen.greater == Approx(85.0 / 2048));
  CHECK(eleven({3, 11}).greater > 0.05);  // W- = 14
  CHECK(eleven({}).greater == Approx(1.0 / 2048));
}

TEST_CASE("the p-values are those of trying every sign, ties included", "[wilcoxon]") {
  // |differences| 1 1 1 2 3 3 4: ranks 2 2 2 4 5.5 5.5 7
  const std::vector<double> first{1, -1, 1, 2, -3, 3, 4}, second(7, 0.0), ranks{2, 2, 2, 4, 5.5, 5.5, 7};
  const mao::SignedRanks result = wilcoxon(first, second);
  CHECK(result.positive == 20.5);
  CHECK(result.negative == 7.5);
  CHECK(result.greater == Approx(by_enumeration(ranks, 20.5)));
  CHECK(result.less == Approx(by_enumeration(ranks, 7.5)));
  mao::Rng rng(4);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> a, b, all;
    for (int i = 0; i < 9; ++i) {
      a.push_back(rng.uniform());
      b.push_back(rng.uniform());
      all.push_back(i + 1);
    }
    const mao::SignedRanks p = wilcoxon(a, b);
    CHECK(p.positive + p.negative == 45);
    CHECK(p.greater == Approx(by_enumeration(all, p.positive)));
    CHECK(p.less == Approx(by_enumeration(all, p.negative)));
    CHECK(wilcoxon(b, a).greater == Approx(p.less));
    CHECK(p.two_sided == Approx(std::min(1.0, 2 * std::min(p.greater, p.less))));
  }
}

TEST_CASE("pairs that do not differ are left out, decimals that only look different are equal", "[wilcoxon]") {
  const mao::SignedRanks result = wilcoxon({80, 81, 82}, {80, 80, 81});
  CHECK(result.pairs == 2);
  CHECK(result.positive == 3);
  CHECK(result.greater == 0.25);
  const mao::SignedRanks decimals = wilcoxon({0.3, 0.2, 0.7}, {0.1, 0.4, 0.7 + 1e-12});
  CHECK(decimals.pairs == 2);
  CHECK(decimals.positive == decimals.negative);
  CHECK(wilcoxon({0.3, 0.2}, {0.1, 0.4}, 1e-20).positive != 1.5);
  const mao::SignedRanks same = wilcoxon({1, 2}, {1, 2});
  CHECK(same.pairs == 0);
  CHECK(same.two_sided == 1);
  CHECK(wilcoxon({}, {}).greater == 1);
}

TEST_CASE("many pairs do not overflow", "[wilcoxon]") {
  std::vector<double> first, second(200, 0.0);
  for (int i = 0; i < 200; ++i) first.push_back(i % 2 == 0 ? i + 1 : -i - 1);
  const mao::SignedRanks result = wilcoxon(first, second);
  CHECK(result.two_sided > 0.9);
  CHECK(result.greater + result.less == Approx(1).margin(0.01));
}

TEST_CASE("results that are no pairs of numbers are refused", "[wilcoxon]") {
  CHECK_THROWS_WITH(wilcoxon({1}, {1, 2}), ContainsSubstring("1 and 2 results"));
  CHECK_THROWS_AS(wilcoxon({1, std::numeric_limits<double>::quiet_NaN()}, {1, 2}), mao::DataError);
  CHECK_THROWS_AS(wilcoxon({1}, {2}, 0), mao::OptionError);
}
