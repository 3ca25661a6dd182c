// SPDX-License-Identifier: Apache-2.0
#include "../../examples/embedded/captions.hpp"

#include <filesystem>
#include <set>
#include <string>

#include <mao/text/bpe.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

#include "../../examples/embedded/bpe_training.hpp"

namespace world = mao::world;
using mao::Rng;

namespace {

world::Scene random_scene(std::uint64_t seed) {
  Rng draw(seed);
  return {world::combination(draw.below(world::combination_count)), draw.below(6), draw.below(6)};
}

}  // namespace

TEST_CASE("a caption holds for its own picture", "[embedded]") {
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const world::Scene scene = random_scene(i);
    const world::Caption caption = world::caption(scene, i % 3, Rng(i)["caption"]);
    INFO(caption.text);
    CHECK(caption.holds_for(scene));
    CHECK(caption.text.find('{') == std::string::npos);
  }
}

TEST_CASE("a caption does not hold for a picture that differs in an attribute it names", "[embedded]") {
  world::Caption caption;
  caption.shape = 2;
  caption.background = 1;
  world::Scene scene{{2, 7, 0}, 1, 4};
  CHECK(caption.holds_for(scene));
  scene.background = 0;
  CHECK_FALSE(caption.holds_for(scene));
}

TEST_CASE("a photo is every style but a drawing", "[embedded]") {
  world::Caption caption;
  caption.style = 0;
  CHECK(caption.holds_for({{0, 0, 0}, 0, 0}));
  CHECK(caption.holds_for({{0, 0, 0}, 0, 3}));
  CHECK_FALSE(caption.holds_for({{0, 0, 0}, 0, world::drawing_style}));
}

TEST_CASE("captions are a function of scene and stream", "[embedded]") {
  std::set<std::string> texts;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto text = world::caption(random_scene(1), 0, Rng(i)).text;
    CHECK(text == world::caption(random_scene(1), 0, Rng(i)).text);
    texts.insert(text);
  }
  CHECK(texts.size() > 20);
}

TEST_CASE("learned merges make each frequent word one token", "[embedded]") {
  const auto merges = world::learned_merges({"red red red cat.", "red cat", "a cat."}, 100);
  const mao::ClipTokenizer tokenizer(merges);
  CHECK(tokenizer.encode("red").size() == 1);
  CHECK(tokenizer.encode("cat.").size() == 2);
  CHECK(tokenizer.encode("zebra").size() > 1);
  CHECK(world::learned_merges({"red cat"}, 2).size() == 2);
}

TEST_CASE("the shipped vocabulary is what the program learns, and every caption fits the context", "[embedded]") {
  const auto folder = std::filesystem::path(mao_test::source_dir()) / "examples/embedded/model";
  const auto shipped = mao::ClipTokenizer::load(folder / "merges.txt");
  for (const std::string& text : world::caption_sample(500, Rng(99))) {
    INFO(text);
    CHECK(shipped.encode(text).size() + 2 <= 32);
  }
  for (std::size_t i = 0; i < world::combination_count; ++i) {
    CHECK(shipped.encode(world::name(world::combination(i))).size() == 3);
  }
}
