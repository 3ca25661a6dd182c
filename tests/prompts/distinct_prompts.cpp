// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/distinct_prompts.hpp>

#include <memory>
#include <string>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/models/any_model.hpp>
#include <mao/text/word_piece.hpp>

#include <support/catch.hpp>
#include <support/shape_model.hpp>

using namespace mao;

namespace {

/// A model whose tokens are another tokenizer's.
template <class TokenizerT>
struct Reads : mao_test::ShapeModel {
  explicit Reads(TokenizerT given) : tokenizer(std::move(given)) {}
  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const { return tokenizer(text); }
  TokenizerT tokenizer;
};

template <class ModelT>
void check_refused(const ModelT& model, const std::string& first, const std::string& second) {
  CAPTURE(first, second);
  const ClassList classes{{"tench", first, second}};
  CHECK_THROWS_AS(check_class_prompts(model, classes, "list"), DataError);
  CHECK_THROWS_WITH(check_class_prompts(model, classes, "list"),
                    ContainsSubstring("list: classes 1 and 2, '" + first + "' and '" + second +
                                      "', are the same tokens to this model") &&
                        ContainsSubstring("rename one of them"));
  CHECK_NOTHROW(check_class_prompts(model, {{"tench", first}}, "list"));
  CHECK_NOTHROW(check_class_prompts(model, {classes.names, SameNames::accept}, "list"));
}

}  // namespace

TEST_CASE("names that CLIP's tokenizer cannot tell apart are refused, both named", "[distinct_prompts]") {
  const auto model = embedded::clip();
  for (const auto& [first, second] : {std::pair{"red-dog", "red - dog"},
                                      {"don't", "don 't"},
                                      {"MiG-15", "MiG - 15"},
                                      {"dog", "\xEF\xBD\x84og"},  // a full-width d
                                      {"tom & jerry", "tom &amp; jerry"},
                                      {"dog's", "dog\xE2\x80\x99s"}}) {  // a curly quote
    check_refused(*model, first, second);
    CHECK_THROWS_AS(Coop(model, ClassList{{first, second}}), DataError);
    CHECK_THROWS_AS(ZeroShot(model, ClassList{{first, second}}), DataError);
  }
  CHECK_NOTHROW(check_class_prompts(*model, {{"red dog", "red-dog", "reddog", "red/dog"}}, "list"));
}

TEST_CASE("a name of which the tokenizer keeps nothing is refused", "[distinct_prompts]") {
  const auto nothing = [](const std::string&) { return std::vector<std::int64_t>{}; };
  CHECK_THROWS_WITH(check_class_prompts(Reads(nothing), {{"cat"}}, "list"),
                    ContainsSubstring("list: class 0 is named 'cat'") && ContainsSubstring("keeps nothing"));
  CHECK_THROWS_WITH(check_class_prompts(*embedded::clip(), {{"dog", "\x01\x02"}}, "list"),
                    ContainsSubstring("class 1 is named '\\x01\\x02'") && ContainsSubstring("keeps nothing"));
}

TEST_CASE("the tokens of WordPiece decide for a sentence encoder", "[distinct_prompts]") {
  const auto pieces = std::make_shared<const WordPiece>(
      std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "tench", "red", "dog", "-", "cafe", "."});
  const Reads model([pieces](const std::string& text) { return pieces->encode_bare(text); });
  check_refused(model, "red-dog", "red - dog");
  check_refused(model, "cafe", "caf\xC3\xA9");  // accents are taken off
  check_refused(model, "newt", "gnu");          // both are [UNK]
  CHECK_NOTHROW(check_class_prompts(model, {{"red dog", "dog", "red-dog"}}, "list"));
}

TEST_CASE("a tokenizer of your own decides too, with the words around the name", "[distinct_prompts]") {
  const auto few = [](const std::string& text) {  // cuts where another would refuse
    return std::vector<std::int64_t>(text.begin(), text.begin() + std::min<std::ptrdiff_t>(12, std::ssize(text)));
  };
  const ClassList classes{{"hawk", "hare"}};
  CHECK_NOTHROW(check_class_prompts(Reads(few), classes, "list"));
  CHECK_THROWS_AS(check_class_prompts(Reads(few), classes, "list", "a picture of a {}."), DataError);
  CHECK_THROWS_AS(check_class_prompts(AnyModel(Reads(few)), classes, "list", "a picture of a {}."), DataError);
}
