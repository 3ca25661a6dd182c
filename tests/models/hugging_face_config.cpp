// SPDX-License-Identifier: Apache-2.0
#include <mao/models/hugging_face_config.hpp>
#include <mao/models/architecture.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using Json = nlohmann::json;

namespace {

ClipConfiguration read_transformers(const Json& file) { return read_hugging_face_config(file, "config.json"); }

}  // namespace

TEST_CASE("what is not said is the default of transformers", "[hugging_face_config]") {
  const auto plain = read_transformers({{"model_type", "clip"}, {"text_config", nullptr}});
  CHECK(plain.form == ClipForm{.vision = {.heads = 12}, .text = {.heads = 8}});
  for (const auto& size : plain.sizes) {
    if (size.size == &ClipArchitecture::patch) CHECK(size.value == 32);
    if (size.size == &ClipArchitecture::vision_mlp) CHECK(size.value == 3072);
  }
}

TEST_CASE("heads, activation and eps of each tower are its own", "[hugging_face_config]") {
  const auto form =
      read_transformers({{"text_config", {{"hidden_size", 128}, {"num_attention_heads", 2}, {"hidden_act", "gelu"}}},
                         {"vision_config",
                          {{"hidden_size", 192},
                           {"num_attention_heads", 4},
                           {"layer_norm_eps", 1e-6},
                           {"hidden_act", "gelu_pytorch_tanh"}}}})
          .form;
  CHECK(form.vision == TowerForm{.heads = 4, .activation = Activation::GeluTanh, .epsilon = 1e-6});
  CHECK(form.text == TowerForm{.heads = 2, .activation = Activation::Gelu});
}

TEST_CASE("the second copy of a tower's settings wins, with its defaults", "[hugging_face_config]") {
  const auto form = read_transformers({{"text_config", {{"hidden_act", "gelu"}, {"num_attention_heads", 4}}},
                                       {"text_config_dict", {{"num_attention_heads", 16}}}})
                        .form;
  CHECK(form.text == TowerForm{.heads = 16});
}

TEST_CASE("an end token is the tokenizer's, or the 2 of old files", "[hugging_face_config]") {
  for (const int end : {2, 49407})
    CHECK(read_transformers({{"text_config", {{"eos_token_id", end}}}}).form.packs_text());
  CHECK_THROWS_WITH(read_transformers({{"text_config", {{"eos_token_id", 7}}}}),
                    ContainsSubstring("config.json: text_config.eos_token_id is 7, expected 49407"));
}

TEST_CASE("bookkeeping is passed over, anything else is refused by its key", "[hugging_face_config]") {
  read_transformers(
      {{"model_type", "clip"}, {"torch_dtype", "float16"}, {"vision_config", {{"dropout", 0.0}, {"num_beams", 1}}}});
  const auto refused = [](const Json& file, const char* message) {
    CHECK_THROWS_WITH(read_transformers(file), ContainsSubstring(message));
  };
  refused({{"text_config", {{"projection_dim", "512"}}}}, "text_config.projection_dim is \"512\", expected an integer");
  refused({{"vision_config", {{"attention_dropout", Json::array()}}}}, "vision_config.attention_dropout is []");
  refused({{"model_type", "siglip2"}}, "config.json: model_type is \"siglip2\", expected \"clip\" or \"siglip\"");
  refused({{"vision_config", {{"hidden_act", "silu"}}}}, "vision_config.hidden_act is \"silu\"");
  refused({{"vision_config", {{"use_rope", true}}}}, "vision_config.use_rope is true");
  refused({{"vision_config", {{"num_channels", 4}}}}, "vision_config.num_channels is 4, expected 3");
  refused({{"vision_config", {{"num_attention_heads", 5}}}}, "vision_config.num_attention_heads is 5");
  refused({{"quantization_config", {{"bits", 8}}}}, "quantization_config");
  refused({{"text_config", {{"pruned_heads", {{"0", {1}}}}}}}, "text_config.pruned_heads");
}

TEST_CASE("a null in place of a number, and a width of 0, are refused by key", "[hugging_face_config]") {
  CHECK_THROWS_WITH(read_transformers({{"text_config", {{"num_attention_heads", nullptr}}}}),
                    ContainsSubstring("text_config.num_attention_heads is null, expected an integer"));
  CHECK_THROWS_WITH(read_transformers({{"vision_config", {{"hidden_size", 0}}}}),
                    ContainsSubstring("vision_config.hidden_size is 0, expected 1 or more"));
}

TEST_CASE("values at which transformers stops are refused, though the key changes nothing", "[hugging_face_config]") {
  const Json nothing;
  const auto refused = [](const Json& file, const char* message) {
    CHECK_THROWS_WITH(read_transformers(file), ContainsSubstring(message));
  };
  for (const char* tower : {"text_config", "vision_config"}) {
    refused({{tower, {{"initializer_range", nothing}}}},
            ".initializer_range is null, expected a number with a decimal");
    refused({{tower, {{"initializer_range", 1}}}}, ".initializer_range is 1, expected a number with a decimal");
    refused({{tower, {{"initializer_factor", "1"}}}}, ".initializer_factor is \"1\"");
    refused({{tower, {{"layer_norm_eps", 0}}}}, ".layer_norm_eps is 0, expected a number with a decimal point");
    refused({{tower, {{"dtype", "float"}, {"id2label", {{"x", "y"}}}}}}, ".id2label is {\"x\":\"y\"}");
    refused({{"model_type", "siglip"}, {tower, {{"attention_dropout", nothing}}}}, ".attention_dropout is null");
    read_transformers(
        {{tower, {{"attention_dropout", nothing}, {"id2label", {{"0", "a"}}}, {"_attn_implementation", "sdpa"}}}});
  }
  refused({{"vision_config", {{"projection_dim", nothing}}}},
          "vision_config.projection_dim is null, expected an integer");
  read_transformers({{"text_config", {{"projection_dim", nothing}, {"pad_token_id", nothing}}}});
  for (const Json& end : {Json("x"), Json(0.5), Json::array({1, "x"})}) {
    refused({{"model_type", "siglip"}, {"text_config", {{"eos_token_id", end}}}}, "text_config.eos_token_id is ");
  }
  read_transformers({{"model_type", "siglip"}, {"text_config", {{"eos_token_id", {1, 2}}}}});
  refused({{"text_config", {{"bos_token_id", 0.5}}}}, "text_config.bos_token_id is 0.5, expected an integer");
  refused({{"vision_config", {{"image_size", {48, 48}}}}}, "vision_config.image_size is [48,48], expected an integer");
  refused({{"vision_config", {{"patch_size", {16, 16}}}}}, "vision_config.patch_size is [16,16], expected an integer");
  refused({{"logit_scale_init_value", nothing}}, "logit_scale_init_value is null, expected a number with a decimal");
  refused({{"logit_scale_init_value", 1}}, "logit_scale_init_value is 1, expected a number with a decimal point");
  refused({{"vision_config", {{"output_hidden_states", "x"}}}}, "vision_config.output_hidden_states is \"x\"");
  refused({{"quantization_config", Json::array()}}, "quantization_config is [], expected none, or null");
  CHECK_NOTHROW(read_transformers({{"quantization_config", nothing}}));
  refused({{"initializer_factor", nothing}}, "initializer_factor is null, expected a number with a decimal point");
  refused({{"torch_dtype", "x"}}, "torch_dtype is \"x\", expected the name of a type of floating-point numbers");
  refused({{"attn_implementation", 5}}, "attn_implementation is 5, expected \"eager\", \"sdpa\" or null");
}

TEST_CASE("what a SiglipConfig does not say is the default of its class", "[hugging_face_config]") {
  const auto plain = read_transformers({{"model_type", "siglip"}});
  CHECK(plain.form.vision == TowerForm{.heads = 12, .activation = Activation::GeluTanh, .epsilon = 1e-6});
  CHECK(plain.form.text == plain.form.vision);
  CHECK(plain.pieces == "transformers");
  CHECK_FALSE(plain.form.causal);
  CHECK_FALSE(plain.form.text_start);
  const auto own = read_transformers(
      {{"model_type", "siglip"},
       {"text_config", {{"hidden_size", 1152}, {"num_attention_heads", 16}, {"projection_size", 1536}}}});
  for (const auto& size : own.sizes) {
    if (size.size == &ClipArchitecture::embed) CHECK(size.value == 1536);
    if (size.size == &ClipArchitecture::context) CHECK(size.value == 64);
  }
}
