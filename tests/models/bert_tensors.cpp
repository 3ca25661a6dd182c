// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/bert_tensors.hpp>

#include <mao/models/detail/names.hpp>

#include <support/bert_weights.hpp>
#include <support/catch.hpp>

using namespace mao;
using namespace mao_test;

TEST_CASE("open_clip's names of a BERT and its projection under mao's, and its sizes", "[bert_tensors]") {
  const TensorMap weights = random_biomed_clip_weights(), renamed = with_openai_names(as_open_clip_bert(weights));
  REQUIRE(renamed.size() == weights.size());
  for (const auto& [name, value] : weights) {
    INFO(name);
    REQUIRE(renamed.contains(name));
    CHECK(renamed.at(name).equal(value));
  }
  ClipArchitecture sizes = small_biomed_clip();
  sizes.context = sizes.text_positions;
  CHECK(infer_architecture(renamed, "biomed.pt", biomed_clip_form()) == sizes);
}

TEST_CASE("a linear projection has one tensor, and a second one is refused", "[bert_tensors]") {
  ClipForm form = biomed_clip_form();
  form.text_mlp = false;
  const TensorMap weights = random_biomed_clip_weights(small_biomed_clip(), form);
  TensorMap theirs = as_open_clip_bert(weights);
  REQUIRE(theirs.contains("text.proj.weight"));
  CHECK(with_openai_names(theirs).at("text_projection").equal(weights.at("text_projection")));
  theirs["text.proj.2.weight"] = theirs.at("text.proj.weight");
  CHECK_THROWS_WITH(with_openai_names(theirs), ContainsSubstring("expected one projection"));
}

TEST_CASE("a missing, misshapen or further tensor is named", "[bert_tensors]") {
  const auto inferred = [](const TensorMap& weights) {
    return infer_architecture(weights, "biomed.pt", biomed_clip_form());
  };
  const TensorMap whole = random_biomed_clip_weights();
  for (const auto& [name, value] : whole) {
    if (!name.starts_with("transformer.") && !name.starts_with("text_")) continue;
    INFO(name);
    TensorMap weights = whole;
    weights.erase(name);
    CHECK_THROWS_AS(inferred(weights), FormatError);
    weights[name] = value.unsqueeze(0);
    CHECK_THROWS_WITH(inferred(weights), ContainsSubstring(name));
  }
  TensorMap more = whole;
  more["transformer.encoder.layer.0.crossattention.self.query.weight"] = more.at("text_projection");
  CHECK_THROWS_WITH(inferred(more), ContainsSubstring("crossattention"));
  CHECK_THROWS_WITH(infer_architecture(whole, "biomed.pt"), ContainsSubstring("a text tower of transformers"));
}
