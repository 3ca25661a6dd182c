// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/pseudo_label.hpp>

#include <algorithm>
#include <cmath>
#include <support/catch.hpp>

// Any definition will do: the sampler only passes it on.
struct mao::ImageBatch {
  std::vector<float> brightness;
};

using mao::Batch;
using mao::PseudoLabelSampler;

namespace {

const mao::ClassList two{{"dark", "bright"}};

/// Bright images are of class 1; the brighter or darker, the surer.
struct ByBrightness {
  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels result;
    for (const float value : images.brightness) {
      result.labels.push_back(value > 0.5F ? 1 : 0);
      result.confidence.push_back(std::max(value, 1 - value));
    }
    ++calls;
    return result;
  }
  int calls = 0;
};

/// As `ByBrightness`, but images in between are not labelled at all and the others come with a distribution.
struct Choosy {
  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels result = ByBrightness{}.label(images);
    for (std::size_t i = 0; i < images.brightness.size(); ++i) {
      const float value = images.brightness[i];
      if (value > 0.4F && value < 0.6F) result.confidence[i] = 0;
      result.probabilities.insert(result.probabilities.end(), {1 - value, value});
    }
    return result;
  }
};

struct Ragged {
  mao::PseudoLabels label(const mao::ImageBatch&) {
    return {.labels = {0, 1}, .confidence = {}, .probabilities = {1, 0, 0}};
  }
};

struct Silent {
  mao::PseudoLabels label(const mao::ImageBatch& images) {
    return {.labels = std::vector<std::int64_t>(images.brightness.size(), 0), .confidence = {}};
  }
};

}  // namespace

TEST_CASE("batches cover the images and come without labels", "[sampling]") {
  const PseudoLabelSampler sampler(70, two, ByBrightness{}, {.batch = 32, .drop_last = false});
  mao::Rng rng(4);
  mao::Rng same(4);
  std::vector<std::int64_t> images;
  const auto batches = sampler.epoch(rng);
  for (const auto& batch : batches) {
    CHECK(batch.labels.empty());
    CHECK(batch.weights.empty());
    images.insert(images.end(), batch.images.begin(), batch.images.end());
  }
  CHECK(batches.size() == 3);
  CHECK(batches.front().images == sampler.epoch(same).front().images);
  std::ranges::sort(images);
  for (std::int64_t i = 0; i < 70; ++i) CHECK(images[static_cast<std::size_t>(i)] == i);
  CHECK(PseudoLabelSampler(70, two, ByBrightness{}).epoch(rng).size() == 2);
}

TEST_CASE("the labeller's labels go into the batch", "[sampling]") {
  PseudoLabelSampler sampler(3, two, ByBrightness{});
  Batch batch{.images = {2, 0, 1}, .labels = {}, .weights = {}};
  sampler.label(batch, {{0.9F, 0.1F, 0.6F}});
  CHECK(batch.labels == std::vector<std::int64_t>{1, 0, 1});
  CHECK(batch.weights.empty());
  CHECK(sampler.labeler().calls == 1);
}

TEST_CASE("a threshold takes unsure images out of the loss", "[sampling]") {
  PseudoLabelSampler sampler(3, two, ByBrightness{}, {.threshold = 0.7});
  Batch batch{.images = {2, 0, 1}, .labels = {}, .weights = {}};
  sampler.label(batch, {{0.9F, 0.1F, 0.6F}});
  CHECK(batch.labels == std::vector<std::int64_t>{1, 0, 1});
  CHECK(batch.weights == std::vector<float>{1, 1, 0});
}

TEST_CASE("an image labelled with confidence 0 leaves the loss without any threshold", "[sampling]") {
  PseudoLabelSampler sampler(3, two, Choosy{});
  Batch batch{.images = {2, 0, 1}, .labels = {}, .weights = {}};
  sampler.label(batch, {{0.9F, 0.5F, 0.3F}});
  CHECK(batch.weights == std::vector<float>{1, 0, 1});
  sampler.label(batch, {{0.5F, 0.5F, 0.5F}});
  CHECK(batch.weights == std::vector<float>{0, 0, 0});
  PseudoLabelSampler strict(3, two, Choosy{}, {.threshold = 0.8});
  strict.label(batch, {{0.9F, 0.5F, 0.3F}});
  CHECK(batch.weights == std::vector<float>{1, 0, 0});
}

TEST_CASE("a batch labelled again keeps nothing of the labels before", "[sampling]") {
  PseudoLabelSampler sampler(3, two, Choosy{});
  Batch batch{.images = {2, 0, 1}, .labels = {}, .weights = {}};
  sampler.label(batch, {{0.9F, 0.5F, 0.3F}});
  sampler.label(batch, {{0.9F, 0.8F, 0.3F}});
  CHECK(batch.weights.empty());
}

TEST_CASE("a labeller's distributions become the batch's soft targets", "[sampling]") {
  PseudoLabelSampler sampler(2, two, Choosy{});
  Batch batch{.images = {1, 0}, .labels = {}, .weights = {}};
  sampler.label(batch, {{0.75F, 0.25F}});
  CHECK(batch.targets == std::vector<float>{0.25F, 0.75F, 0.75F, 0.25F});
  CHECK(batch.labels == std::vector<std::int64_t>{1, 0});
  PseudoLabelSampler plain(2, two, ByBrightness{});
  plain.label(batch, {{0.75F, 0.25F}});
  CHECK(batch.targets.empty());
}

TEST_CASE("a pseudo-label sampler refuses what it cannot use", "[sampling]") {
  CHECK_THROWS_AS(PseudoLabelSampler(0, two, ByBrightness{}), mao::DataError);
  CHECK_THROWS_AS(PseudoLabelSampler(3, two, ByBrightness{}, {.batch = 0}), mao::OptionError);
  CHECK_THROWS_AS(PseudoLabelSampler(3, two, ByBrightness{}, {.threshold = 1}), mao::OptionError);
  CHECK_THROWS_AS(PseudoLabelSampler(3, two, ByBrightness{}, {.threshold = -0.1}), mao::OptionError);
  Batch batch{.images = {0, 1}, .labels = {}, .weights = {}};
  PseudoLabelSampler sampler(3, two, ByBrightness{});
  CHECK_THROWS_WITH(sampler.label(batch, {{0.9F}}), ContainsSubstring("1 labels for 2 images"));
  PseudoLabelSampler ragged(2, two, Ragged{});
  CHECK_THROWS_WITH(ragged.label(batch, {{0.9F, 0.1F}}), ContainsSubstring("3 probabilities for 2 images"));
  PseudoLabelSampler silent(3, two, Silent{}, {.threshold = 0.5});
  CHECK_THROWS_WITH(silent.label(batch, {{0.9F, 0.1F}}), ContainsSubstring("set threshold to 0"));
}

TEST_CASE("confidences are one in [0, 1] for each image, or none", "[sampling]") {
  struct Sure {
    std::vector<float> confidence;
    mao::PseudoLabels label(const mao::ImageBatch& images) {
      return {.labels = std::vector<std::int64_t>(images.brightness.size(), 0), .confidence = confidence};
    }
  };
  const auto labelled = [](std::vector<float> confidence) {
    PseudoLabelSampler sampler(2, two, Sure{std::move(confidence)}, {.batch = 2, .drop_last = false});
    mao::Batch batch;
    batch.images = {0, 1};
    mao::ImageBatch images;
    images.brightness = {0.1F, 0.9F};
    sampler.label(batch, images);
    return batch.weights;
  };
  CHECK(labelled({}).empty());
  CHECK(labelled({0.5F, 1}).empty());
  CHECK_THROWS_AS(labelled({1}), mao::ShapeError);
  CHECK_THROWS_AS(labelled({1, std::nanf("")}), mao::NumericError);
  CHECK_THROWS_AS(labelled({1, -1}), mao::NumericError);
}

TEST_CASE("a pseudo-label sampler is for the classes that are named or that its labeller states", "[sampling]") {
  struct Stating : ByBrightness {
    mao::ClassList stated;
    [[nodiscard]] const mao::ClassList& classes() const { return stated; }
  };
  const mao::ClassList others{{"cold", "warm"}};
  CHECK(PseudoLabelSampler(3, two, ByBrightness{}).classes() == two);
  CHECK(PseudoLabelSampler(3, Stating{{}, two}).classes() == two);
  CHECK(PseudoLabelSampler(3, two, Stating{{}, two}).images() == 3);
  CHECK_THROWS_WITH(PseudoLabelSampler(3, others, Stating{{}, two}),
                    ContainsSubstring("the labeller is for 2 classes"));
  CHECK_THROWS_WITH(PseudoLabelSampler(3, Stating{}), ContainsSubstring("`classes()` is empty"));
  CHECK_THROWS_WITH(PseudoLabelSampler(3, {}, ByBrightness{}), ContainsSubstring("the class list is empty"));
}
