// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <mao/core/random.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/io/files.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/piece_tokenizer.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

#include "embedded/bpe_training.hpp"
#include "embedded/captions.hpp"
#include "embedded/siglip_files.hpp"

namespace embedded = mao::embedded;
using mao::Rng;

namespace {

embedded::Scene random_scene(std::uint64_t seed) {
  Rng draw(seed);
  return {embedded::combination(draw.below(embedded::combination_count)), draw.below(6), draw.below(6)};
}

}  // namespace

TEST_CASE("a caption holds for its own image", "[embedded]") {
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const embedded::Scene scene = random_scene(i);
    const embedded::Caption caption = embedded::caption(scene, i % 3, Rng(i)["caption"]);
    INFO(caption.text);
    CHECK(caption.holds_for(scene));
    CHECK(caption.text.find('{') == std::string::npos);
  }
}

TEST_CASE("a caption does not hold for an image that differs in an attribute it names", "[embedded]") {
  embedded::Caption caption;
  caption.shape = 2;
  caption.background = 1;
  embedded::Scene scene{{2, 7, 0}, 1, 4};
  CHECK(caption.holds_for(scene));
  scene.background = 0;
  CHECK_FALSE(caption.holds_for(scene));
}

TEST_CASE("a photo is every style but a drawing", "[embedded]") {
  embedded::Caption caption;
  caption.style = 0;
  CHECK(caption.holds_for({{0, 0, 0}, 0, 0}));
  CHECK(caption.holds_for({{0, 0, 0}, 0, 3}));
  CHECK_FALSE(caption.holds_for({{0, 0, 0}, 0, embedded::drawing_style}));
}

TEST_CASE("captions are a function of scene and stream", "[embedded]") {
  std::set<std::string> texts;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto text = embedded::caption(random_scene(1), 0, Rng(i)).text;
    CHECK(text == embedded::caption(random_scene(1), 0, Rng(i)).text);
    texts.insert(text);
  }
  CHECK(texts.size() > 20);
}

TEST_CASE("learned merges make each frequent word one token", "[embedded]") {
  const auto merges = embedded::learned_merges({"red red red cat.", "red cat", "a cat."}, 100);
  const mao::ClipTokenizer tokenizer(merges);
  CHECK(tokenizer.encode("red").size() == 1);
  CHECK(tokenizer.encode("cat.").size() == 2);
  CHECK(tokenizer.encode("zebra").size() > 1);
  CHECK(embedded::learned_merges({"red cat"}, 2).size() == 2);
}

TEST_CASE("with a mark of spaces, a word is the same piece at every place", "[embedded]") {
  const mao_test::TemporaryFolder folder;
  const std::vector<std::string> texts = {"red red red cat.", "red cat", "a cat."};
  embedded::write_piece_tokenizer(embedded::learned_merges(texts, 100, embedded::WordMark::Space), folder.path());
  const auto tokenizer = mao::PieceTokenizer::load(folder.path());
  const auto red = tokenizer.encode("red");
  REQUIRE(red.size() == 1);
  CHECK(tokenizer.piece(red[0]) == "\u2581red");
  CHECK(tokenizer.encode("A Red cat.") == tokenizer.encode("a red cat."));
  CHECK(tokenizer.encode("a red cat.")[1] == red[0]);
  CHECK(tokenizer.encode("a red cat.").size() == 4);
  CHECK(tokenizer.encode("zebra").size() > 1);
  CHECK(tokenizer.encode("\u00e9").size() == 3);  // the mark and two bytes
  const auto row = tokenizer.row("red", 4);
  CHECK(row == std::vector<std::int64_t>{red[0], 1, 0, 0});
}

TEST_CASE("the SigLIP's shipped vocabulary is what the program learns, and every caption fits the context",
          "[embedded]") {
  const auto shipped = std::filesystem::path(mao_test::source_dir()) / "tools/embedded/siglip";
  const mao_test::TemporaryFolder folder;
  const auto texts = embedded::caption_sample(20000, Rng(embedded::world_seed)["vocabulary"]);
  embedded::write_piece_tokenizer(embedded::learned_merges(texts, 1000, embedded::WordMark::Space), folder.path());
  for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
    CHECK(mao::read_text_file(folder / file) == mao::read_text_file(shipped / file));
  }
  const auto tokenizer = mao::PieceTokenizer::load(shipped);
  for (std::size_t i = 0; i < embedded::combination_count; ++i) {
    CHECK(tokenizer.encode(embedded::name(embedded::combination(i))).size() == 3);
  }
  for (std::uint64_t i = 0; i < 500; ++i) {
    const std::string text = embedded::caption(random_scene(i), 12, Rng(i)["long"]).text;
    INFO(text);
    CHECK(tokenizer.encode(text).size() + 1 <= 32);
  }
}

TEST_CASE("the shipped vocabulary is what the program learns, and every caption fits the context", "[embedded]") {
  const auto folder = std::filesystem::path(mao_test::source_dir()) / "tools/embedded/model";
  const auto shipped = mao::ClipTokenizer::load(folder / "merges.txt");
  for (const std::string& text : embedded::caption_sample(500, Rng(99))) {
    INFO(text);
    CHECK(shipped.encode(text).size() + 2 <= 32);
  }
  for (std::size_t i = 0; i < embedded::combination_count; ++i) {
    CHECK(shipped.encode(embedded::name(embedded::combination(i))).size() == 3);
  }
}
