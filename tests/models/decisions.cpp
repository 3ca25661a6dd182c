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

TEST_CASE(
    "heads: the caller, the configuration, OpenAI's archive, the saved modules, published widths, in this order") {
  ClipForm form;
  ClipEvidence evidence{.source = "x.pt", .configured = "config.json", .heads = ClipHeads{4, 2}};
  CHECK(detail::decide_heads(form, sizes, evidence) == "as asked for");
  CHECK(form.vision.heads == 4);
  CHECK(form.text.heads == 2);
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

TEST_CASE("the saved modules decide the activation before an archive's kind, after everything else") {
  ClipForm form;
  form.vision.activation = form.text.activation = Activation::Gelu;
  ClipEvidence evidence{.source = "x.pt", .configured = ""};
  evidence.stated.vision.activation = evidence.stated.text.activation = Activation::Gelu;
  CHECK(detail::decide_activation(form, sizes, {}, evidence) == "gelu, as the saved modules say");
  evidence.activation = Activation::QuickGelu;
  CHECK(detail::decide_activation(form, sizes, {}, evidence) == "quick_gelu, as asked for");
  CHECK(form.text.activation == Activation::QuickGelu);
}
