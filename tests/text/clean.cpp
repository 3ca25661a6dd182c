// SPDX-License-Identifier: Apache-2.0
#include <mao/text/clean.hpp>
#include <mao/text/detail/unicode.hpp>

#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;
using namespace mao_test;

TEST_CASE("the reference's 73 strings are cleaned the same way") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces");
  for (const auto& row : read_json_file(*golden / "golden0" / "tokenizer.json")["rows"]) {
    CHECK(clean_text(row["text"].get<std::string>()) == row["cleaned"].get<std::string>());
  }
}

TEST_CASE("cleaning never throws, is deterministic and leaves no white space but single spaces") {
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    const std::string text = i % 2 == 0 ? random_bytes(random, 80) : random_text(random, 40);
    const std::string clean = clean_text(text);
    CHECK(clean == clean_text(text));
    CHECK(clean.find("  ") == std::string::npos);
    CHECK((clean.empty() || (clean.front() != ' ' && clean.back() != ' ')));
  }
}

TEST_CASE("plain ASCII only changes in case and white space, so cleaning it twice changes nothing") {
  std::mt19937 random(6);
  for (int i = 0; i < 300; ++i) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = static_cast<char>(' ' + random() % 95);
    text.erase(std::remove(text.begin(), text.end(), '&'), text.end());
    CHECK(clean_text(clean_text(text)) == clean_text(text));
    CHECK(clean_text(text).size() <= text.size());
  }
}

TEST_CASE("what cleaning does to single things") {
  CHECK(clean_text("  Colt’s\t FOOT\r\n") == "colt's foot");
  CHECK(clean_text("“x” ‘y’") == "\"x\" 'y'");
  CHECK(clean_text("ﬁsh oﬃce Ǆ") == "fish office dž");
  CHECK(clean_text("ＦＵＬＬ　width ｶﾞ") == "full width ガ");
  CHECK(clean_text("cafe\u0301") == "café");
  CHECK(clean_text("a\x01"
                   "b\x1b[31mred\x1b[0m") == "abred");
  CHECK(clean_text("&amp;amp;lt; &eacute; &#39; &#x41; &hellip;") == "< é ' a …");
  CHECK(clean_text("<b>&rsquo;</b>") == "<b>’</b>");
  CHECK(clean_text("&notaname; & &#; 100&") == "¬aname; & &#; 100&");
  CHECK(clean_text("ΣΟΦΟΣ Σ İ") == "σοφος σ i̇");
}

TEST_CASE("mojibake is turned back and honest text stays") {
  CHECK(clean_text("cafÃ© schÃ¶n voilÃ  le") == "café schön voilà le");
  CHECK(clean_text("cafÃƒÂ©") == "café");
  CHECK(clean_text("â€œx â€” yâ€\u009D") == "\"x — y\"");
  CHECK(clean_text("ðŸ˜€") == "😀");
  for (const std::string honest : {"crème brûlée", "são paulo – été…", "é»", "naïve—façade", "10°c", "привет"}) {
    CHECK(clean_text(honest) == honest);
  }
}

TEST_CASE("Hugging Face's tokenizer repairs nothing: normal form C, white space, lower case of each letter") {
  const auto normalized = [](std::string_view text) { return encode_utf8(normalized_text(decode_utf8(text))); };
  CHECK(normalized(" Colt’s\t\n FOOT\r\n") == " colt’s foot ");
  CHECK(normalized("&amp; cafÃ© ＦＵＬＬ\u3000ﬁ\x01") == "&amp; cafã© ｆｕｌｌ ﬁ\x01");
  CHECK(normalized("Cafe\u0301 ΟΔΟΣ İ") == "café οδοσ i̇");
  CHECK(normalized("a\x1C\x1F b") == "a\x1C\x1F b");
  CHECK(name_of(TextCleaning::HuggingFace) == "transformers");
  CHECK(name_of(TextCleaning::OpenAi) == "OpenAI");
  CHECK(name_of(TextCleaning::OpenClip) == "open_clip");
  CHECK(name_of(TextCleaning::Either) == "OpenAI or open_clip");
}
