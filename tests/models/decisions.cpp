// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/decisions.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/open_clip_config.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;

namespace {

const ClipArchitecture sizes = mao::testing::toy_sizes();

}  // namespace

TEST_CASE("the example of a configuration is complete: mao reads it, and it fits the tensors") {
  ClipArchitecture narrow = sizes;
  narrow.vision_mlp = 192;
  ClipForm form;
  form.text_bias = form.vision_scale = true;
  form.vision.heads = 4;
  const auto read = read_open_clip_config(nlohmann::json::parse(example_configuration(narrow, form)), "x");
  CHECK_NOTHROW(read.check(narrow));
  CHECK(read.form.vision.heads == 4);
  CHECK(read.form.text.heads == 1);
  CHECK(read.form.vision.activation == Activation::QuickGelu);
  CHECK(read.form.text_bias);
  CHECK(read.form.vision_scale);
}

TEST_CASE("the example of a configuration is written as a JSON library writes it, also of a ResNet") {
  ClipArchitecture narrow = sizes;
  narrow.vision_mlp = 3 * narrow.vision_width;
  narrow.text_mlp = 4 * narrow.text_width + 1;
  ClipForm form;
  form.text_bias = form.text_scale = true;
  form.vision.heads = 4;
  const std::string text = example_configuration(narrow, form);
  CHECK(nlohmann::ordered_json::parse(text).dump() == text);
  CHECK_THAT(text,
             ContainsSubstring("\"mlp_ratio\":3.0}") && ContainsSubstring("\"ls_init_value\":1.0,\"proj_bias\":true"));
  ClipArchitecture resnet = narrow;
  resnet.resnet_blocks = {3, 4, 6, 3};
  const std::string other = example_configuration(resnet, form);
  CHECK(nlohmann::ordered_json::parse(other).dump() == other);
  CHECK_THAT(other, ContainsSubstring("\"layers\":[3,4,6,3]") && ContainsSubstring("\"patch_size\":null"));
}

TEST_CASE(
    "heads: the configuration, OpenAI's archive, the saved modules, the caller, published widths, in this order") {
  ClipForm form;
  ClipEvidence evidence{.source = "x.pt", .configured = "", .heads = ClipHeads{4, 2}};
  CHECK(detail::decide_heads(form, sizes, evidence) == "as asked for");
  CHECK(form.vision.heads == 4);
  CHECK(form.text.heads == 2);
  evidence.configured = "config.json";
  CHECK(detail::decide_heads(form, sizes, evidence) == "as asked for");  // both say the same
  evidence.heads = {};
  CHECK(detail::decide_heads(form, sizes, evidence) == "as config.json says");
  evidence.configured.clear();
  evidence.stated.vision.heads = 8;
  evidence.stated.text.heads = 4;
  CHECK(detail::decide_heads(form, sizes, evidence) == "as the saved modules say");
  CHECK(form.vision.heads == 8);
  evidence.stated = {};
  CHECK_THROWS_WITH(detail::decide_heads(form, sizes, evidence),
                    ContainsSubstring("--heads IMAGE,TEXT (--heads 2,1 if") &&
                        ContainsSubstring("--activation quick_gelu or --activation gelu") &&
                        ContainsSubstring("{\"model_cfg\":{\"embed_dim\":16"));
  evidence.activation = Activation::Gelu;
  CHECK_THROWS_WITH(detail::decide_heads(form, sizes, evidence), !ContainsSubstring("--activation"));
  ClipArchitecture odd = sizes;
  odd.vision_width = 200;
  CHECK_THROWS_WITH(detail::decide_heads(form, odd, evidence),
                    ContainsSubstring("one of width 200; say --heads IMAGE,TEXT, in C++"));
}

TEST_CASE("heads that are asked for divide their widths and are positive") {
  ClipForm form;
  for (const ClipHeads heads : {ClipHeads{3, 1}, ClipHeads{2, 5}, ClipHeads{0, 1}, ClipHeads{2, -1}}) {
    CHECK_THROWS_AS(detail::decide_heads(form, sizes, {.source = "x.pt", .configured = "", .heads = heads}),
                    OptionError);
  }
}

TEST_CASE("the saved modules decide the activation before an archive's kind") {
  ClipForm form;
  form.vision.activation = form.text.activation = Activation::Gelu;
  ClipEvidence evidence{.source = "x.pt", .configured = ""};
  evidence.stated.vision.activation = evidence.stated.text.activation = Activation::Gelu;
  CHECK(detail::decide_activation(form, sizes, {}, evidence) == "gelu, as the saved modules say");
}

TEST_CASE("a caller who contradicts a file or the saved modules is refused, both named") {
  ClipForm form;
  form.vision.heads = 4;
  form.text.heads = 2;
  ClipEvidence evidence{.source = "x.pt", .configured = "config.json", .heads = ClipHeads{2, 2}};
  const auto heads_refused = [&](const std::string& who, const std::string& what) {
    CHECK_THROWS_AS(detail::decide_heads(form, sizes, evidence), OptionError);
    CHECK_THROWS_WITH(detail::decide_heads(form, sizes, evidence),
                      ContainsSubstring("x.pt: the caller (--heads) says 2,2, but " + who + " says " + what) &&
                          ContainsSubstring("leave the option out"));
  };
  heads_refused("config.json", "4,2");
  evidence.configured.clear();
  evidence.openai_archive = true;
  heads_refused("its kind, an archive of OpenAI,", "4,2");
  evidence.stated.text.heads = 1;
  heads_refused("what was saved of its modules", "2,1");
  evidence.stated = {};
  evidence.activation = Activation::GeluTanh;
  const auto refused = [&](const TensorFile& file, const std::string& who, const std::string& what) {
    CHECK_THROWS_AS(detail::decide_activation(form, sizes, file, evidence), OptionError);
    CHECK_THROWS_WITH(detail::decide_activation(form, sizes, file, evidence),
                      ContainsSubstring("says gelu_tanh, but " + who + " says " + what));
  };
  refused({}, "its kind, an archive of OpenAI,", "quick_gelu");
  evidence.openai_archive = false;
  refused({.tensors = {}, .metadata = {{"activation", "gelu"}}}, "its metadata", "gelu");
  evidence.stated.vision.activation = Activation::Gelu;
  refused({}, "what was saved of its modules", "gelu for images and gelu_tanh for texts");
  evidence.stated = {};
  evidence.configured = "config.json";
  form.vision.activation = Activation::Gelu;
  refused({}, "config.json", "gelu for images and quick_gelu for texts");
  evidence.activation = {};
  CHECK_THROWS_WITH(
      detail::decide_activation(form, sizes, {.tensors = {}, .metadata = {{"activation", "gelu"}}}, evidence),
      ContainsSubstring("its metadata says gelu, but config.json says gelu for images and quick_gelu for texts"));
  evidence.configured = "the caller";  // a form in C++ is the caller's own word
  evidence.activation = Activation::GeluTanh;
  CHECK(detail::decide_activation(form, sizes, {}, evidence) == "gelu_tanh, as asked for");
}
