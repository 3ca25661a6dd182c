// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/text/detail/tokenizer_settings.hpp>

#include <nlohmann/json.hpp>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

// As transformers writes them for CLIP, old and new.
const char* const hub_config = R"({
  "unk_token": {"content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true,
                "__type": "AddedToken"},
  "bos_token": {"content": "<|startoftext|>", "single_word": false, "normalized": true, "__type": "AddedToken"},
  "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "add_prefix_space": false, "errors": "replace",
  "do_lower_case": true, "name_or_path": "openai/clip-vit-base-patch32", "model_max_length": 77,
  "additional_special_tokens": [], "tokenizer_class": "CLIPTokenizer", "clean_up_tokenization_spaces": true,
  "added_tokens_decoder": {"49406": {"content": "<|startoftext|>", "special": true}}})";
const char* const hub_tokenizer = R"({"version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [{"id": 49406, "content": "<|startoftext|>", "single_word": false, "normalized": true},
                   {"id": 49407, "content": "<|endoftext|>", "single_word": false, "normalized": true}],
  "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
    {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex":
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},
    "behavior": "Removed", "invert": true}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}]},
  "post_processor": {"type": "RobertaProcessing", "sep": ["<|endoftext|>", 49407], "cls": ["<|startoftext|>", 49406],
    "trim_offsets": false, "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
  "model": {"type": "BPE", "dropout": null, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "",
    "end_of_word_suffix": "</w>", "fuse_unk": false, "vocab": {}, "merges": []}})";

}  // namespace

TEST_CASE("the settings of published CLIP folders are what the tokenizer does", "[tokenizer_settings]") {
  const TemporaryFolder folder;
  check_tokenizer_settings(folder.path());
  folder.write("tokenizer_config.json", hub_config);
  folder.write("tokenizer.json", hub_tokenizer);
  folder.write("special_tokens_map.json", R"({"bos_token": "<|startoftext|>", "pad_token": "<|endoftext|>"})");
  folder.write("added_tokens.json", R"({"<|endoftext|>": 49407})");
  check_tokenizer_settings(folder.path());
  folder.write("tokenizer_config.json", R"({"backend": "tokenizers", "is_local": true, "pad_token": null})");
  check_tokenizer_settings(folder.path());
}

TEST_CASE("a tokenizer of another kind is refused by file and key", "[tokenizer_settings]") {
  const auto refused = [](const char* name, const char* base, const char* change, const char* message) {
    const TemporaryFolder folder;
    auto values = nlohmann::json::parse(base);
    values.merge_patch(nlohmann::json::parse(change));
    folder.write(name, values.dump());
    CHECK_THROWS_AS(check_tokenizer_settings(folder.path()), OptionError);
    CHECK_THROWS_WITH(check_tokenizer_settings(folder.path()), ContainsSubstring(name) && ContainsSubstring(message));
  };
  const char *const config = "tokenizer_config.json", *const file = "tokenizer.json";
  refused(config, hub_config, R"({"do_lower_case": false})", "do_lower_case is false");
  refused(config, hub_config, R"({"tokenizer_class": "BertTokenizer"})", "tokenizer_class is \"BertTokenizer\"");
  refused(config, hub_config, R"({"pad_token": "!"})", "pad_token is \"!\"");
  refused(config, hub_config, R"({"split_special_tokens": true})", "split_special_tokens is true");
  refused(config, hub_config, R"({"truncation_side": "left"})", "truncation_side is \"left\"");
  refused(config, hub_config, R"({"additional_special_tokens": ["<x>"]})", "additional_special_tokens");
  refused(config, hub_config, R"({"added_tokens_decoder": {"0": {"content": "!"}}})", "added_tokens_decoder");
  refused(config, hub_config, R"({"eos_token": {"content": "<|endoftext|>", "single_word": true}})", "eos_token");
  refused(config, hub_config, R"({"bos_token": "<|endoftext|>"})", "bos_token is \"<|endoftext|>\"");
  refused(config, hub_config, R"({"eos_token": {"content": "<|startoftext|>", "__type": "AddedToken"}})",
          "expected <|endoftext|>");
  refused("special_tokens_map.json", R"({"bos_token": "<|endoftext|>"})", "{}", "expected <|startoftext|>");
  refused("special_tokens_map.json", R"({"eos_token": null})", "{}", "eos_token is null");
  refused(config, hub_config, R"({"normalise": "NFKC"})", "normalise is \"NFKC\"");
  refused(file, hub_tokenizer, R"({"normalizer": {"normalizers": [{"type": "Lowercase"}]}})", "normalizer is");
  refused(file, hub_tokenizer, R"({"pre_tokenizer": {"type": "Whitespace"}})", "pre_tokenizer is");
  refused(file, hub_tokenizer, R"({"post_processor": {"type": "BertProcessing"}})", "post_processor.type is");
  refused(file, hub_tokenizer, R"({"added_tokens": [{"id": 49408, "content": "<x>"}]})", "added_tokens is");
  refused(file, hub_tokenizer, R"({"model": {"dropout": 0.1}})", "model.dropout is 0.1");
  refused(file, hub_tokenizer, R"({"model": {"end_of_word_suffix": ""}})", "model.end_of_word_suffix is");
  refused(config, hub_config, R"({"added_tokens_decoder": []})", "added_tokens_decoder is []");
  refused(config, hub_config, R"({"auto_map": {"AutoTokenizer": ["a.B", null]}})", "auto_map is {\"AutoTokenizer\"");
  refused(config, hub_config, R"({"model_input_names": ["x"]})", "expected a list that begins with \"input_ids\"");
  refused(config, hub_config, R"({"added_tokens_decoder": {"49406": {"lstrip": 0}}})", "49406.lstrip is 0");
  refused("added_tokens.json", "{}", R"({"<x>": 49408})", "<x> is 49408");
  refused("special_tokens_map.json", "{}", R"({"mask_token": "<mask>"})", "mask_token is");
}

TEST_CASE("a null at which transformers stops is refused by its key", "[tokenizer_settings]") {
  for (const char* key :
       {"padding_side", "truncation_side", "split_special_tokens", "added_tokens_decoder", "model_input_names"}) {
    CAPTURE(key);
    const TemporaryFolder folder;
    folder.write("tokenizer_config.json", nlohmann::json{{key, nullptr}}.dump());
    CHECK_THROWS_WITH(check_tokenizer_settings(folder.path()), ContainsSubstring(std::string(key) + " is null"));
  }
}

TEST_CASE("a missing normalizer is no default", "[tokenizer_settings]") {
  const TemporaryFolder folder;
  folder.write("tokenizer.json", R"({"normalizer": null})");
  CHECK_THROWS_WITH(check_tokenizer_settings(folder.path()), ContainsSubstring("normalizer is null"));
  folder.write("tokenizer.json", "[]");
  CHECK_THROWS_AS(check_tokenizer_settings(folder.path()), FormatError);
}
