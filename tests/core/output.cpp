// SPDX-License-Identifier: Apache-2.0
#include <mao/core/output.hpp>

#include <support/catch.hpp>

namespace {

struct OneImage : mao::ImageSource {
  [[nodiscard]] std::int64_t size() const override { return 1; }
  mao::ImageBatch load(const std::vector<mao::View>&) override { return {}; }
};

}  // namespace

TEST_CASE("an image source needs no look-ahead") {
  OneImage source;
  CHECK_NOTHROW(source.announce({{mao::View{.image = 0}}}));
  CHECK_FALSE(source.load({}).pixels.defined());
  CHECK(source.size() == 1);
}

TEST_CASE("a fresh output has no candidates") { CHECK(mao::Output{}.candidates.size() == 0); }
