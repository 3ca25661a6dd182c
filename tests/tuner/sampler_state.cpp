// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/sampler_state.hpp>
#include <mao/sampling/shuffled.hpp>

#include <stdexcept>

#include <support/catch.hpp>

using namespace mao;

namespace {

struct Kept {
  std::string text = "3";
  std::vector<Batch> epoch(Rng&) { return {}; }
  [[nodiscard]] std::string state() const { return text; }
  void set_state(const std::string& given) {
    if (given == "bad") throw std::runtime_error("no such state");
    text = given;
  }
};

}  // namespace

TEST_CASE("what a sampler keeps comes back; one that keeps nothing takes nothing", "[sampler_state]") {
  const StepPlace place{.name = "stage"};
  Kept kept;
  const TensorMap saved = sampler_state(kept, place);
  kept.text = "7";
  restore_sampler(kept, saved, place);
  CHECK(kept.text == "3");
  CHECK_THROWS_WITH(restore_sampler(kept, {}, place), ContainsSubstring("stage: the saved state holds none of the"));
  CHECK_THROWS_WITH(restore_sampler(kept, {{"text", detail::bytes_of("bad")}}, place),
                    ContainsSubstring("stage: the sampler's `set_state` failed: no such state; expected"));
  ShuffledSampler plain({0, 1}, ClassList{{"cat", "dog"}});
  CHECK(sampler_state(plain, place).empty());
  CHECK_NOTHROW(restore_sampler(plain, {}, place));
  CHECK_THROWS_WITH(restore_sampler(plain, saved, place), ContainsSubstring("but this sampler keeps none"));
}

TEST_CASE("batches that differ in an image, a label or a weight have other texts", "[sampler_state]") {
  const Batch batch{.images = {0, 1}, .labels = {0, 1}, .weights = {}};
  Batch labels = batch, weights = batch;
  labels.labels = {1, 0};
  weights.weights = {1, 0};
  const std::string text = text_of_batches({batch});
  CHECK_THAT(text, ContainsSubstring("1 batches of 2 images in all"));
  CHECK(text_of_batches({labels}) != text);
  CHECK(text_of_batches({weights}) != text);
  CHECK_NOTHROW(expect_same_batches(text, text, "stage"));
  CHECK_THROWS_WITH(expect_same_batches(text, text_of_batches({labels}), "stage"),
                    ContainsSubstring("the sampler draws"));
}
