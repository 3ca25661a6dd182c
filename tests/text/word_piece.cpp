// SPDX-License-Identifier: Apache-2.0
#include <mao/text/word_piece.hpp>

#include <mao/core/error.hpp>
#include <support/catch.hpp>
#include <support/text.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using Ids = WordPiece::Ids;

namespace {

const std::vector<std::string> tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing",
                                         "##in",  "##g",   "a",     "!",     "cafe",   "##s"};

}  // namespace

TEST_CASE("the longest known piece goes first; a word with an unknown part is unknown") {
  const WordPiece word_piece(tokens);
  CHECK(word_piece.size() == 13);
  CHECK(word_piece.encode("Playing a!") == Ids{2, 5, 6, 9, 10, 3});
  CHECK(word_piece.encode_bare("Cafés playin") == Ids{11, 12, 5, 7});
  CHECK(word_piece.encode_bare("playx a") == Ids{1, 9});
  CHECK(word_piece.encode_bare(std::string(101, 'a')) == Ids{1});
  CHECK(word_piece.encode_bare("a[MASK]a [mask]") == Ids{9, 4, 9, 1, 1, 1});
  CHECK(word_piece.encode("") == Ids{2, 3});
  CHECK(word_piece.encode("a a a a", 4) == Ids{2, 9, 9, 3});
  CHECK_THROWS_AS(word_piece.encode("a", 1), OptionError);
}

TEST_CASE("encoding never throws on any bytes and gives known ids only") {
  const WordPiece word_piece(tokens);
  std::mt19937 random(12);
  for (int i = 0; i < 500; ++i) {
    const std::string text = i % 2 == 0 ? mao_test::random_bytes(random, 60) : mao_test::random_text(random, 30);
    const Ids ids = word_piece.encode(text, 16);
    CHECK((ids.size() >= 2 && ids.size() <= 16 && ids.front() == 2 && ids.back() == 3));
    CHECK(ids == word_piece.encode(text, 16));
    CHECK(std::all_of(ids.begin(), ids.end(), [](auto id) { return id >= 0 && id < 13; }));
  }
}

TEST_CASE("vocab.txt and tokenizer.json give the same tokenizer") {
  const mao_test::TemporaryFolder folder;
  std::string lines;
  nlohmann::json vocab;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    lines += tokens[i] + "\r\n";
    vocab[tokens[i]] = i;
  }
  const nlohmann::json all{{"model", {{"type", "WordPiece"}, {"vocab", vocab}}}};
  const Ids expected = WordPiece(tokens).encode("playing cafés");
  CHECK(WordPiece::load(folder.write("tokenizer.json", all.dump())).encode("playing cafés") == expected);
  CHECK(WordPiece::load(folder.path()).encode("playing cafés") == expected);
  CHECK(WordPiece::load(folder.write("vocab.txt", lines)).encode("playing cafés") == expected);
  CHECK(WordPiece::load(folder.path()).encode("playing cafés") == expected);
}

TEST_CASE("files that hold no such vocabulary are named") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_AS(WordPiece::load(folder.path()), FileError);
  CHECK_THROWS_WITH(WordPiece::load(folder.write("vocab.txt", "a\nb\n")), ContainsSubstring("[PAD]"));
  CHECK_THROWS_AS(WordPiece::load(folder.write("tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"vocab\": {}}}")),
                  FormatError);
}
