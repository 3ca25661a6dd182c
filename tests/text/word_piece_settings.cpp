// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/word_piece_settings.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using Json = nlohmann::json;

namespace {

const char* const usual_config = R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": null,
  "tokenize_chinese_chars": true, "do_basic_tokenize": true, "never_split": null, "model_max_length": 1000000,
  "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"})";

const char* const usual_json = R"({"version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false,
    "normalized": false, "special": true}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
    "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
      {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100, "vocab": {"[PAD]": 0}}})";

void expect_refused(const char* name, const char* usual, const char* pointer, const Json& value,
                    const std::string& message) {
  CAPTURE(pointer);
  Json file = Json::parse(usual);
  file[Json::json_pointer(pointer)] = value;
  const mao_test::TemporaryFolder folder;
  folder.write(name, file.dump());
  CHECK_THROWS_WITH(check_word_piece_settings(folder.path()), ContainsSubstring(name) && ContainsSubstring(message));
}

}  // namespace

TEST_CASE("the files of an uncased BERT say what WordPiece does", "[word_piece_settings]") {
  const mao_test::TemporaryFolder folder;
  CHECK_NOTHROW(check_word_piece_settings(folder.path()));
  folder.write("tokenizer_config.json", usual_config);
  folder.write("tokenizer.json", usual_json);
  folder.write("special_tokens_map.json", R"({"cls_token": {"content": "[CLS]", "lstrip": false, "normalized": false,
    "rstrip": false, "single_word": false}, "mask_token": "[MASK]"})");
  folder.write("added_tokens.json", R"({"[MASK]": 4})");
  CHECK_NOTHROW(check_word_piece_settings(folder.path()));
}

TEST_CASE("a tokenizer_config.json of another tokenizer is refused by key", "[word_piece_settings]") {
  const auto refused = [](const char* key, const Json& value, const std::string& message) {
    expect_refused("tokenizer_config.json", usual_config, key, value, message);
  };
  refused("/do_lower_case", false, "do_lower_case is false, which mao's WordPiece does not do; expected true");
  refused("/strip_accents", false, "strip_accents is false");
  refused("/tokenize_chinese_chars", false, "tokenize_chinese_chars is false");
  refused("/never_split", {"CT"}, "never_split is [\"CT\"]");
  refused("/tokenizer_class", "RobertaTokenizer", "tokenizer_class is \"RobertaTokenizer\"");
  refused("/pad_token", "<pad>", "pad_token is \"<pad>\", which mao's WordPiece does not do; expected [PAD]");
  refused("/padding_side", "left", "padding_side is \"left\"");
  for (const char* key :
       {"padding_side", "truncation_side", "split_special_tokens", "added_tokens_decoder", "model_input_names"}) {
    refused((std::string("/") + key).c_str(), nullptr, std::string(key) + " is null");
  }
  refused("/additional_special_tokens", {"[X]"}, "additional_special_tokens is [\"[X]\"]");
  refused("/word_tokenizer_type", "mecab", "word_tokenizer_type is \"mecab\"");
}

TEST_CASE("a tokenizer.json of another tokenizer is refused by key", "[word_piece_settings]") {
  const auto refused = [](const char* key, const Json& value, const std::string& message) {
    expect_refused("tokenizer.json", usual_json, key, value, message);
  };
  refused("/normalizer/lowercase", false, "normalizer.lowercase is false");
  refused("/normalizer/strip_accents", false, "normalizer.strip_accents is false");
  refused("/normalizer", nullptr, "normalizer is null");
  refused("/normalizer/type", "Lowercase", "normalizer.type is \"Lowercase\"");
  refused("/pre_tokenizer/type", "Whitespace", "pre_tokenizer.type is \"Whitespace\"");
  refused("/post_processor/single/0/SpecialToken/id", "[BOS]", "post_processor.single is");
  refused("/model/type", "BPE", "model.type is \"BPE\"");
  refused("/model/max_input_chars_per_word", 200, "model.max_input_chars_per_word is 200");
  refused("/added_tokens/0/content", "[X]", "added_tokens is");
  refused("/added_tokens/0/lstrip", true, "added_tokens is");
  const mao_test::TemporaryFolder folder;
  folder.write("special_tokens_map.json", R"({"unk_token": "<unk>"})");
  CHECK_THROWS_AS(check_word_piece_settings(folder.path()), OptionError);
  folder.write("special_tokens_map.json", "[]");
  CHECK_THROWS_AS(check_word_piece_settings(folder.path()), FormatError);
  std::filesystem::remove(folder / "special_tokens_map.json");
  folder.write("added_tokens.json", R"({"[NEW]": 9})");
  CHECK_THROWS_WITH(check_word_piece_settings(folder.path()), ContainsSubstring("[NEW] is 9"));
}
