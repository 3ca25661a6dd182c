// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/html.hpp>
#include <mao/text/detail/mojibake.hpp>
#include <mao/text/detail/unicode.hpp>

#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;

namespace {

/// UTF-8 bytes read as Latin-1, or as Windows-1252.
std::u32string misread(std::u32string_view text, bool windows) {
  std::u32string shown;
  for (const char byte : encode_utf8(text)) {
    const auto value = static_cast<unsigned char>(byte);
    const bool special = windows && value >= 0x80 && value < 0xA0;
    shown += special ? detail::windows_1252_block[value - 0x80] : static_cast<char32_t>(value);
  }
  return shown;
}

const std::u32string_view samples[] = {U"crème brûlée",     U"Zürich São Paulo", U"naïve façade", U"“quoted” — dash…",
                                       U"日本語のテキスト", U"привет мир",       U"🙂 emoji",   U"Łódź, Čeština"};

}  // namespace

TEST_CASE("text that was misread comes back, once or twice misread") {
  for (const auto sample : samples) {
    for (const bool windows : {false, true}) {
      INFO(encode_utf8(sample) << ' ' << windows);
      CHECK(detail::without_mojibake(misread(sample, windows)) == sample);
      CHECK(detail::without_mojibake(misread(misread(sample, windows), windows)) == sample);
    }
  }
}

TEST_CASE("text that was never misread stays") {
  for (const auto sample : samples) CHECK(detail::without_mojibake(std::u32string(sample)) == sample);
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    std::u32string ascii(20, U' ');
    for (char32_t& c : ascii) c = static_cast<char32_t>(random() % 0x80);
    CHECK(detail::without_mojibake(ascii) == ascii);
  }
}
