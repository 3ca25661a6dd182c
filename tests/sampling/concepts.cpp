// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/concepts.hpp>
#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <support/catch.hpp>

namespace {

struct OneBatch {
  std::vector<mao::Batch> epoch(mao::Rng&) { return {{.images = {0}, .labels = {0}, .weights = {}}}; }
};
struct NoGenerator {
  std::vector<mao::Batch> epoch() { return {}; }
};
struct WrongElements {
  std::vector<int> epoch(mao::Rng&) { return {}; }
};
struct SingleBatch {
  mao::Batch epoch(mao::Rng&) { return {}; }
};

struct AllAlike {
  Eigen::MatrixXf operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const {
    return Eigen::MatrixXf::Ones(static_cast<Eigen::Index>(a.size()), static_cast<Eigen::Index>(b.size()));
  }
};
struct WrongMatrix {
  float operator()(const std::vector<std::string>&, const std::vector<std::string>&) const { return 1; }
};

struct AlwaysFirst {
  mao::PseudoLabels label(const mao::ImageBatch&) { return {.labels = {0}, .confidence = {}}; }
};
struct BareLabels {
  std::vector<std::int64_t> label(const mao::ImageBatch&) { return {0}; }
};

}  // namespace

TEST_CASE("samplers are known by epoch(Rng&)", "[sampling]") {
  STATIC_REQUIRE(mao::Sampler<OneBatch>);
  STATIC_REQUIRE(mao::Sampler<mao::ShuffledSampler>);
  STATIC_REQUIRE(mao::Sampler<mao::HardNegativeSampler<AllAlike>>);
  STATIC_REQUIRE(mao::Sampler<mao::PseudoLabelSampler<AlwaysFirst>>);
  STATIC_REQUIRE_FALSE(mao::Sampler<NoGenerator>);
  STATIC_REQUIRE_FALSE(mao::Sampler<WrongElements>);
  STATIC_REQUIRE_FALSE(mao::Sampler<SingleBatch>);
  STATIC_REQUIRE_FALSE(mao::Sampler<mao::ShuffledSampler*>);
}

TEST_CASE("only samplers that see the images label batches", "[sampling]") {
  STATIC_REQUIRE(mao::LabelsBatches<mao::PseudoLabelSampler<AlwaysFirst>>);
  STATIC_REQUIRE_FALSE(mao::LabelsBatches<mao::ShuffledSampler>);
  STATIC_REQUIRE_FALSE(mao::LabelsBatches<mao::HardNegativeSampler<AllAlike>>);
}

TEST_CASE("text similarities are functions of two lists of names", "[sampling]") {
  STATIC_REQUIRE(mao::TextSimilarity<AllAlike>);
  STATIC_REQUIRE(mao::TextSimilarity<mao::FileSimilarity>);
  STATIC_REQUIRE_FALSE(mao::TextSimilarity<WrongMatrix>);
  STATIC_REQUIRE_FALSE(mao::TextSimilarity<int>);
}

TEST_CASE("pseudo-labellers turn images into PseudoLabels", "[sampling]") {
  STATIC_REQUIRE(mao::PseudoLabeler<AlwaysFirst>);
  STATIC_REQUIRE_FALSE(mao::PseudoLabeler<BareLabels>);
  STATIC_REQUIRE_FALSE(mao::PseudoLabeler<AllAlike>);
}

TEST_CASE("the ladders let every model pass", "[sampling]") {
  STATIC_REQUIRE(mao::explain::sampler<OneBatch>());
  STATIC_REQUIRE(mao::explain::text_similarity<AllAlike>());
  STATIC_REQUIRE(mao::explain::pseudo_labeler<AlwaysFirst>());
}
