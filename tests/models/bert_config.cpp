// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/bert_config.hpp>

#include <support/bert_weights.hpp>
#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using namespace mao_test;
using Json = nlohmann::json;

namespace {

constexpr const char* biomed_bert = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract";

Json text_of_biomed_clip() {
  Json text = biomed_clip_config()["model_cfg"]["text_cfg"];
  text["hf_model_name"] = text["hf_tokenizer_name"] = biomed_bert;
  text["context_length"] = 256;
  return text;
}

ClipConfiguration read_bert(const Json& text, const std::string& where = "open_clip_config.json") {
  ClipConfiguration result{.where = where};
  detail::read_bert_text(ConfigSection(text, where + ": text_cfg.", ConfigNull::Refused), result);
  return result;
}

std::int64_t stated_bert(const ClipConfiguration& configuration, std::int64_t ClipArchitecture::*size) {
  for (const auto& each : configuration.sizes) {
    if (each.size == size) return each.value;
  }
  return -1;
}

}  // namespace

TEST_CASE("BiomedCLIP's text tower is known by its name", "[bert_config]") {
  const auto biomed = read_bert(text_of_biomed_clip());
  CHECK(biomed.form.text == TowerForm{.heads = 12, .activation = Activation::Gelu, .epsilon = 1e-12});
  CHECK((biomed.form.text_bert && biomed.form.text_mlp && biomed.form.text_projection && !biomed.form.causal));
  CHECK(biomed.form.text_pooling == TextPooling::First);
  CHECK_FALSE(biomed.form.packs_text());
  CHECK(biomed.custom_text == true);
  CHECK(biomed.context == 256);
  CHECK(biomed.words == "whitespace");
  CHECK(stated_bert(biomed, &ClipArchitecture::text_width) == 768);
  CHECK(stated_bert(biomed, &ClipArchitecture::text_mlp) == 3072);
}

TEST_CASE("another BERT is described by its config.json beside the configuration", "[bert_config]") {
  const TemporaryFolder folder;
  const std::string where = (folder / "open_clip_config.json").string();
  Json text = biomed_clip_config()["model_cfg"]["text_cfg"];
  CHECK_THROWS_WITH(read_bert(text, where),
                    ContainsSubstring("text_cfg.hf_model_name is \"example/small-bert-uncased\", "
                                      "expected an uncased BERT"));
  folder.write("config.json", small_bert_config().dump());
  const auto small = read_bert(text, where);
  CHECK(small.form.text.heads == 3);
  CHECK(stated_bert(small, &ClipArchitecture::text_layers) == 2);
  CHECK(stated_bert(small, &ClipArchitecture::text_positions) == 32);
  CHECK(stated_bert(small, &ClipArchitecture::vocabulary) == 64);
  ClipArchitecture found = small_biomed_clip();
  found.context = found.text_positions;
  small.set_context(found);
  CHECK(found.context == 24);
  found.text_positions = 20;
  CHECK_THROWS_WITH(small.set_context(found), ContainsSubstring("text_cfg.context_length is 24"));
  folder.write("config.json", R"({"model_type": "roberta"})");
  CHECK_THROWS_AS(read_bert(text, where), OptionError);
  text["hf_model_name"] = biomed_bert;
  CHECK(read_bert(text, where).form.text.heads == 12);  // known without it
}

TEST_CASE("text towers of other kinds, and settings that mao does not have, are refused by key", "[bert_config]") {
  const auto refused = [](const char* key, const Json& value, const std::string& message) {
    CAPTURE(key);
    Json text = text_of_biomed_clip();
    text[key] = value;
    CHECK_THROWS_WITH(read_bert(text), ContainsSubstring(std::string("text_cfg.") + key + message));
  };
  for (const char* other : {"roberta-base", "xlm-roberta-large", "google/mt5-xl", "facebook/nllb-200-distilled-600M"}) {
    refused("hf_model_name", other, std::string(" is \"") + other + "\", expected an uncased BERT");
  }
  refused("hf_pooler_type", "mean_pooler", " is \"mean_pooler\", expected \"cls_last_hidden_state_pooler\"");
  refused("hf_pooler_type", "cls_pooler", " is \"cls_pooler\"");
  refused("hf_proj_type", "attention", " is \"attention\", expected \"mlp\", \"linear\" or null");
  refused("hf_tokenizer_name", "", " is \"\", expected the name of the BERT");
  refused("tokenizer_mode", "clips", " is \"clips\"");
  refused("tokenizer_kwargs", {{"strip_sep_token", true}}, ".strip_sep_token is true");
  refused("tokenizer_kwargs", {{"clean", "canonical"}}, ".clean is \"canonical\"");
  refused("tokenizer_kwargs", nullptr, " is null, expected an object, or no such key");
  refused("output_tokens", true, " is true");
  refused("tokenizer_kwargs", {{"use_fast", false}}, ".use_fast is false, a setting that mao does not know");
  refused("context_length", 2, " is 2, expected 3 or more");
  refused("pooler_type", "cls_pooler", " is \"cls_pooler\", a setting that mao does not know");
  Json text = text_of_biomed_clip();
  text.erase("hf_pooler_type");
  CHECK_THROWS_WITH(read_bert(text), ContainsSubstring("text_cfg.hf_pooler_type is missing"));
  text = text_of_biomed_clip();
  text.erase("hf_tokenizer_name");
  CHECK_THROWS_WITH(read_bert(text), ContainsSubstring("text_cfg.hf_tokenizer_name is missing"));
  text = text_of_biomed_clip();
  text["width"] = 512;  // open_clip does not look at it
  text["pool_type"] = "last";
  CHECK(read_bert(text).form == read_bert(text_of_biomed_clip()).form);
}

TEST_CASE("each setting of a BertConfig is used or refused by its key", "[bert_config]") {
  const TemporaryFolder folder;
  const std::string where = (folder / "open_clip_config.json").string();
  const Json text = biomed_clip_config()["model_cfg"]["text_cfg"];
  const auto refused = [&](const char* key, const Json& value, const std::string& message) {
    CAPTURE(key);
    Json bert = small_bert_config();
    bert[key] = value;
    folder.write("config.json", bert.dump());
    CHECK_THROWS_WITH(read_bert(text, where), ContainsSubstring(std::string("config.json: ") + key + message));
  };
  refused("hidden_act", "relu", " is \"relu\", expected \"gelu\"");
  refused("layer_norm_eps", 1e-5, " is 1e-05, expected 1e-12");
  refused("position_embedding_type", "relative_key", " is \"relative_key\", expected \"absolute\"");
  refused("is_decoder", true, " is true");
  refused("num_attention_heads", 5, " is 5, expected a number that divides hidden_size, 48");
  refused("hidden_size", 0, " is 0");
  refused("quantization_config", {{"bits", 4}}, "");
  refused("embedding_size", 128, " is 128, a setting that mao does not know");
  Json bert = small_bert_config();
  bert["pad_token_id"] = 5;
  folder.write("config.json", bert.dump());
  CHECK(read_bert(text, where).form.text_padding == 5);
}
