// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/hard_negative.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <support/catch.hpp>
#include <support/golden.hpp>
#include <support/numbered_classes.hpp>

using mao::Batch;
using mao::ClassList;
using mao::DataError;
using mao::Fallback;
using mao::HardNegativeOptions;
using mao::HardNegativeSampler;
using mao::NearestClasses;
using mao::OptionError;
using mao::Rng;
using mao_test::few_shots;
using mao_test::numbered;

namespace {

/// The nearer two names' numbers, the more alike.
struct ByNumber {
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries, const std::vector<std::string>& names) const {
    Eigen::MatrixXf result(static_cast<Eigen::Index>(queries.size()), static_cast<Eigen::Index>(names.size()));
    for (Eigen::Index q = 0; q < result.rows(); ++q) {
      for (Eigen::Index c = 0; c < result.cols(); ++c) {
        const float gap =
            std::stof(queries[static_cast<std::size_t>(q)]) - std::stof(names[static_cast<std::size_t>(c)]);
        result(q, c) = 1 / (1 + gap * gap);
      }
    }
    return result;
  }
};

HardNegativeSampler<ByNumber> sampler_of(std::int64_t classes, std::int64_t shots, HardNegativeOptions options) {
  return {few_shots(classes, shots), numbered(classes), ByNumber{}, options};
}

/// The anchors that the same generator gives, batch by batch.
std::vector<std::vector<std::int64_t>> anchors_of(std::int64_t images, const HardNegativeOptions& options,
                                                  const Batch& first, Rng rng) {
  auto groups = mao::detail::shuffled_groups(images, options.batch, options.drop_last, rng);
  REQUIRE(!groups.empty());
  REQUIRE(first.images.front() == groups.front().front());
  return groups;
}

void check_batch(const Batch& batch, const std::vector<std::int64_t>& anchors, std::int64_t classes,
                 const HardNegativeOptions& options) {
  std::set<std::int64_t> anchor_classes;
  for (const auto image : anchors) anchor_classes.insert(image % classes);
  std::set<std::int64_t> negatives;
  std::size_t next = 0;
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    CHECK(batch.labels[i] == batch.images[i] % classes);
    if (anchor_classes.contains(batch.labels[i])) {
      REQUIRE(next < anchors.size());
      CHECK(batch.images[i] == anchors[next++]);
    } else {
      CHECK(negatives.insert(batch.labels[i]).second);
    }
  }
  CHECK(next == anchors.size());
  CHECK(batch.size() <= static_cast<std::int64_t>(anchors.size()) * std::max(options.k, 1 + options.minimum));
  CHECK(batch.weights.empty());
}

}  // namespace

TEST_CASE("negatives are new classes, anchors stay in order, labels fit", "[sampling]") {
  for (const auto fallback : {Fallback::Random, Fallback::RandomExceptFirst, Fallback::NextRanked}) {
    for (const std::int64_t classes : {2, 5, 19, 50}) {
      for (const int k : {1, 2, 8}) {
        if (k > classes) continue;
        const HardNegativeOptions options{.batch = 4, .k = k, .fallback = fallback, .drop_last = false};
        const auto sampler = sampler_of(classes, 3, options);
        Rng rng(29);
        const auto batches = sampler.epoch(rng);
        CHECK(static_cast<std::int64_t>(batches.size()) == (classes * 3 + 3) / 4);
        const auto first = anchors_of(classes * 3, options, batches.front(), Rng(29)).front();
        check_batch(batches.front(), first, classes, options);
      }
    }
  }
}

TEST_CASE("every image is an anchor of its epoch", "[sampling]") {
  // With as many classes as a batch has anchors and one shot each, nothing can join: the epoch is a plain shuffle.
  Rng rng(2);
  auto batches = sampler_of(4, 1, {.batch = 4, .k = 2}).epoch(rng);
  REQUIRE(batches.size() == 1);
  std::ranges::sort(batches.front().images);
  CHECK(batches.front().images == std::vector<std::int64_t>{0, 1, 2, 3});
}

TEST_CASE("the generator alone decides the epoch", "[sampling]") {
  const auto sampler = sampler_of(40, 4, {});
  const auto images = [&](Rng& rng) {
    std::vector<std::int64_t> all;
    for (const auto& batch : sampler.epoch(rng)) all.insert(all.end(), batch.images.begin(), batch.images.end());
    return all;
  };
  Rng first(8);
  Rng same(8);
  const auto epoch = images(first);
  CHECK(epoch == images(same));
  CHECK(epoch != images(first));
}

TEST_CASE("a class's images are drawn alike", "[sampling]") {
  const auto sampler = sampler_of(40, 4, {});
  Rng rng(13);
  std::map<std::int64_t, int> drawn;
  int total = 0;
  for (int epoch = 0; epoch < 40; ++epoch) {
    for (const auto& batch : sampler.epoch(rng)) {
      for (const auto image : batch.images) {
        ++drawn[image / 40];
        ++total;
      }
    }
  }
  REQUIRE(drawn.size() == 4);
  for (const auto& [shot, count] : drawn) CHECK(std::abs(count - total / 4) < total / 40);
}

TEST_CASE("the released code's choice of classes, draw by draw", "[sampling][golden]") {
  const auto folder = mao_test::golden_folder();
  MAO_SKIP_UNLESS(folder.has_value(), "no golden traces on this machine");
  const auto lists = mao_test::read_json_file(*folder / "minilm/oxford_pets.json").at("top8_mao");
  Eigen::MatrixXf ranks = Eigen::MatrixXf::Constant(37, 37, -1);
  for (Eigen::Index c = 0; c < 37; ++c) {
    for (std::size_t rank = 0; rank < 8; ++rank) {
      ranks(c, lists[static_cast<std::size_t>(c)][rank].get<Eigen::Index>()) = 1 - 0.1F * static_cast<float>(rank);
    }
  }
  const HardNegativeOptions options{.k = 4, .fallback = Fallback::RandomExceptFirst};
  const NearestClasses nearest(ranks, options.k);
  const auto trace = mao_test::read_json_file(*folder / "mao/trace.json");
  REQUIRE(trace.size() == 6);
  for (const auto& step : trace) {
    // The code draws once more after a sample has its two negatives; that draw, the last before a picture is picked, is
    // idle.
    std::deque<std::int64_t> draws;
    const auto& picks = step.at("random_picks");
    for (std::size_t i = 0; i + 1 < picks.size(); ++i) {
      if (picks[i][0] == "randint" && picks[i + 1][0] == "randint") draws.push_back(picks[i][3]);
    }
    const auto replay = [&](const std::vector<std::int64_t>& free) {
      while (!draws.empty() && std::ranges::find(free, draws.front()) == free.end()) draws.pop_front();
      REQUIRE(!draws.empty());
      const auto label = draws.front();
      draws.pop_front();
      return label;
    };
    const auto anchors = step.at("input_labels").get<std::vector<std::int64_t>>();
    const auto negatives = mao::detail::negative_classes(anchors, nearest, options, replay);
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      labels.push_back(anchors[i]);
      labels.insert(labels.end(), negatives[i].begin(), negatives[i].end());
    }
    CHECK(labels == step.at("expanded_labels").get<std::vector<std::int64_t>>());
  }
}

TEST_CASE("near classes come in rank order, dropped ones are not replaced", "[sampling]") {
  const NearestClasses nearest(mao::class_similarity(numbered(30), ByNumber{}), 5);
  const auto first_free = [](const std::vector<std::int64_t>& free) { return free.front(); };
  const auto found = mao::detail::negative_classes({10, 12}, nearest, {.k = 5}, first_free);
  // Nearest to 10: 10, 9, 11, 8, 12 (an anchor). Nearest to 12: 12, 11, 13, 10, 14, of which 11 and 10 are taken.
  CHECK(found == std::vector<std::vector<std::int64_t>>{{9, 11, 8}, {13, 14}});
}

TEST_CASE("fallbacks differ in what replaces a taken class", "[sampling]") {
  const auto similarity = mao::class_similarity(numbered(6), ByNumber{});
  const auto first_free = [](const std::vector<std::int64_t>& free) { return free.front(); };
  const auto negatives = [&](Fallback fallback, std::int64_t depth) {
    return mao::detail::negative_classes({4, 5}, NearestClasses(similarity, depth), {.k = 2, .fallback = fallback},
                                         first_free);
  };
  // Nearest to 4 is 3, nearest to 5 is 4, an anchor.
  CHECK(negatives(Fallback::Random, 2) == std::vector<std::vector<std::int64_t>>{{3, 0}, {1, 2}});
  CHECK(negatives(Fallback::RandomExceptFirst, 2) == std::vector<std::vector<std::int64_t>>{{3, 1}, {2}});
  CHECK(negatives(Fallback::NextRanked, 6) == std::vector<std::vector<std::int64_t>>{{3}, {2}});
}

TEST_CASE("replacement by rank fills the batch while classes last", "[sampling]") {
  const auto sampler = sampler_of(40, 2, {.fallback = Fallback::NextRanked});
  Rng rng(1);
  for (const auto& batch : sampler.epoch(rng)) {
    const std::set<std::int64_t> classes(batch.labels.begin(), batch.labels.end());
    CHECK(batch.size() == 32);
    CHECK(classes.size() >= 29);  // anchors may share a class
  }
}

TEST_CASE("without a minimum, k = 1 is a plain shuffle", "[sampling]") {
  Rng rng(6);
  for (const auto& batch : sampler_of(9, 4, {.k = 1, .minimum = 0}).epoch(rng)) CHECK(batch.size() == 4);
}

TEST_CASE("two classes with one image each are enough", "[sampling]") {
  Rng rng(6);
  const auto shape = mao::automatic_batch(2);
  const auto batches = sampler_of(2, 1, {.batch = shape.batch, .k = shape.k}).epoch(rng);
  REQUIRE(batches.size() == 1);
  CHECK(batches.front().size() == 2);
}

TEST_CASE("EuroSAT's five classes all join a batch of two", "[sampling]") {
  Rng rng(6);
  const auto sampler = sampler_of(5, 16, {.batch = 2, .k = 2});
  for (const auto& batch : sampler.epoch(rng)) {
    const std::set<std::int64_t> classes(batch.labels.begin(), batch.labels.end());
    CHECK(
        (classes.size() == 5 || batch.labels.size() == 6));  // both anchors of one class leave four, of which two each
  }
  CHECK(sampler.warning().empty());
}

TEST_CASE("a hard-negative sampler refuses what it cannot use", "[sampling]") {
  CHECK_THROWS_WITH(sampler_of(5, 2, {.k = 8}), ContainsSubstring("automatic_batch(5)"));
  CHECK_THROWS_AS(sampler_of(5, 2, {.k = 0}), OptionError);
  CHECK_THROWS_AS(sampler_of(5, 2, {.batch = 0, .k = 2}), OptionError);
  CHECK_THROWS_AS(sampler_of(5, 2, {.k = 2, .minimum = -1}), OptionError);
  CHECK_THROWS_AS(sampler_of(5, 0, {.k = 2}), DataError);
  const auto make = [](std::vector<std::int64_t> labels) {
    return HardNegativeSampler(std::move(labels), numbered(3), ByNumber{}, {.k = 2});
  };
  CHECK_THROWS_WITH(make({0, 1, 3}), ContainsSubstring("image 2 has the label 3"));
  CHECK_THROWS_WITH(make({0, 1, 1}), ContainsSubstring("class 2 '2' has no image"));
  CHECK_THAT(sampler_of(19, 2, {}).warning(), ContainsSubstring("only 19"));
}
