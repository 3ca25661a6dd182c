// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/image_calls.hpp>
#include <mao/core/detail/ops.hpp>

#include <stdexcept>

#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// Gives `rows` images whatever it is asked for; without any it fails.
struct Source : ImageSource {
  explicit Source(std::int64_t count) : rows(count) {}
  [[nodiscard]] std::int64_t size() const override {
    if (rows < 0) throw std::runtime_error("the camera is off");
    return 4;
  }
  ImageBatch load(const std::vector<View>&) override {
    if (rows < 0) throw std::runtime_error("the camera is off");
    return {.pixels = rows == 0 ? Tensor() : at::ones({rows, 3, 2, 2}), .features = {}};
  }
  void announce(const std::vector<std::vector<View>>&) override {
    if (rows < 0) throw std::runtime_error("the camera is off");
  }
  std::int64_t rows;
};

}  // namespace

TEST_CASE("an image source is asked, and answers with an image for each view", "[image_calls]") {
  const StepPlace place{.name = "stage", .epoch = 1, .step = 2};
  Source right(2), fewer(1), none(0), broken(-1);
  CHECK(count_of(right, place) == 4);
  CHECK(load_from(right, {{.image = 0}, {.image = 1}}, place).pixels.size(0) == 2);
  CHECK_NOTHROW(announce_to(right, {{{.image = 0}}}, place));
  CHECK_THROWS_WITH(load_from(fewer, {{.image = 0}, {.image = 1}}, place),
                    "stage, epoch 2, step 3: the image source's `load` gave pixels of shape [1, 3, 2, 2], expected 2 "
                    "images, a row for each view that was asked for");
  CHECK_THROWS_WITH(load_from(none, {{.image = 0}}, place), ContainsSubstring("gave neither pixels nor features"));
  CHECK_THROWS_WITH(load_from(broken, {{.image = 0}}, place),
                    "stage, epoch 2, step 3: the image source's `load` failed: the camera is off; expected 1 image, a "
                    "row for each view that was asked for");
  CHECK_THROWS_WITH(count_of(broken, place), ContainsSubstring("`size` failed: the camera is off"));
  CHECK_THROWS_WITH(announce_to(broken, {}, place), ContainsSubstring("`announce` failed: the camera is off"));
}
