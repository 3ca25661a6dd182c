// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/clip_pieces.hpp>
#include <mao/text/detail/unicode.hpp>

#include <string>

#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;

namespace {

std::string joined(std::u32string_view text) {
  std::string all;
  for (const auto piece : detail::clip_pieces(text)) all += (all.empty() ? "" : "|") + encode_utf8(piece);
  return all;
}

}  // namespace

TEST_CASE("letters, single numbers, contractions, special tokens, and runs of the rest") {
  CHECK(joined(U"a photo of a cat.") == "a|photo|of|a|cat|.");
  CHECK(joined(U"colt's foot isn't we'll o'dea") == "colt|'s|foot|isn|'t|we|'ll|o|'d|ea");
  CHECK(joined(U"707-320") == "7|0|7|-|3|2|0");
  CHECK(joined(U"x<|endoftext|>!?½é_日本") == "x|<|endoftext|>|!?|½|é|_|日本");
  CHECK(joined(U" \t ").empty());
}

TEST_CASE("pieces are the text without its white space") {
  std::mt19937 random(10);
  for (int i = 0; i < 300; ++i) {
    std::u32string text = decode_utf8(mao_test::random_text(random, 30)), pieces;
    for (const auto piece : detail::clip_pieces(text)) pieces += piece;
    std::erase_if(text, is_space);
    CHECK(pieces == text);
  }
}

TEST_CASE("each library has its own spelling of special tokens, and two ignore case") {
  const auto joined_as = [](std::u32string_view text, TextCleaning cleaning) {
    std::string all;
    for (const auto piece : detail::clip_pieces(text, detail::piece_style(cleaning))) all += encode_utf8(piece) + "|";
    return all;
  };
  CHECK(joined_as(U"<start_of_text>!", TextCleaning::OpenClip) == "<start_of_text>|!|");
  CHECK(joined_as(U"<start_of_text>!", TextCleaning::OpenAi) == "<|start|_|of|_|text|>!|");
  CHECK(joined_as(U"<|endoftext|>!", TextCleaning::OpenClip) == "<||endoftext||>!|");
  CHECK(joined_as(U"it'\u017F", TextCleaning::OpenAi) == "it|'ſ|");
  CHECK(joined_as(U"it'\u017F", TextCleaning::HuggingFace) == "it|'|ſ|");
  CHECK(joined_as(U"a\u0345!", TextCleaning::OpenAi) == "a|!|");
  CHECK(joined_as(U"a\u0345!", TextCleaning::HuggingFace) == "a|\u0345!|");
  const auto parts = detail::split_at_specials(U"a <|endoftext|><|startoftext|>b", {});
  CHECK(parts == std::vector<std::u32string_view>{U"a ", U"<|endoftext|>", U"<|startoftext|>", U"b"});
}
