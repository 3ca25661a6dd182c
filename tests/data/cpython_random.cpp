// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/data/detail/cpython_random.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <numeric>

#include <support/catch.hpp>
#include <support/folders.hpp>

TEST_CASE("every draw is the one that CPython makes") {
  std::ifstream stream(mao_test::source_dir() + "/tests/core/golden/cpython_random.json");
  for (const auto& expected : nlohmann::json::parse(stream)) {
    const auto seed = expected["seed"].get<std::uint64_t>();
    INFO("seed " << seed);
    mao::CPythonRandom random(seed);
    for (const auto& draw : expected["samples"]) {
      CHECK(random.sample(draw[0].get<std::size_t>(), draw[1].get<std::size_t>()) ==
            draw[2].get<std::vector<std::size_t>>());
    }
    std::vector<int> items(20);
    std::iota(items.begin(), items.end(), 0);
    random.shuffle(items);
    CHECK(items == expected["shuffled"].get<std::vector<int>>());
    for (const auto& draw : expected["bits"])
      CHECK(random.getrandbits(draw[0].get<int>()) == draw[1].get<std::uint64_t>());
    for (const auto& draw : expected["below"]) {
      CHECK(random.below(draw[0].get<std::uint64_t>()) == draw[1].get<std::uint64_t>());
    }
    for (const auto& draw : expected["random"]) CHECK(random.random() == draw.get<double>());
  }
}

TEST_CASE("few-shot draws of 16 out of 50 follow the published seeds") {
  const auto start = [](std::uint64_t seed) { return mao::CPythonRandom(seed).sample(50, 4); };
  CHECK(mao::CPythonRandom(1).sample(50, 16) ==
        std::vector<std::size_t>{8, 36, 4, 16, 7, 31, 28, 30, 41, 24, 13, 6, 44, 1, 40, 27});
  CHECK(mao::CPythonRandom(3).sample(50, 16) ==
        std::vector<std::size_t>{15, 37, 34, 8, 23, 38, 30, 40, 48, 4, 44, 0, 43, 16, 35, 14});
  CHECK(start(1) != start(2));
}

TEST_CASE("impossible draws are refused") {
  mao::CPythonRandom random(1);
  CHECK_THROWS_WITH(random.sample(3, 4), ContainsSubstring("4 different items out of 3"));
  CHECK_THROWS_AS(random.below(0), mao::OptionError);
  CHECK_THROWS_AS(random.getrandbits(65), mao::OptionError);
  CHECK(random.getrandbits(0) == 0);
}
