// SPDX-License-Identifier: Apache-2.0
#include <mao/clip/model.hpp>
#include <mao/prompts/templates.hpp>
#include <mao/testing/toy_model.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>
#include <support/text.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao_test::small_tokenizer;

namespace {

/// Random weights for the vocabulary of the small tokenizer.
TensorFile random_file() {
  ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vocabulary = small_tokenizer().size();
  return {mao::testing::random_clip_weights(sizes, 3), {}};
}

Clip random_clip(Activation activation = Activation::Gelu) {
  return Clip(prepare_clip_weights(random_file(), "random", activation), small_tokenizer());
}

const std::vector<std::string> sentences{"lower", "a low new owl."};

Tensor pixels(std::int64_t count) { return mao::testing::ToyImages(count, 1, 1).pixels; }

}  // namespace

TEST_CASE("a saved model is the same again, from its folder and from its file", "[model]") {
  const mao_test::TemporaryFolder folder;
  const Clip clip = random_clip();
  write_safetensors(folder / "model.safetensors", random_file().tensors);
  small_tokenizer().save_merges(folder / "merges.txt");
  folder.write("config.json", R"({"activation": "gelu"})");
  for (const auto& path : {folder.path(), folder / "model.safetensors"}) {
    const Clip loaded = Clip::load(path, {.vocabulary = folder / "merges.txt", .activation = {}});
    CHECK(loaded.fingerprint() == clip.fingerprint());
    CHECK(loaded.weights().activation == Activation::Gelu);
    CHECK(loaded.logit_scale() == Approx(20.0));
    CHECK(loaded.preprocess().resolution == 8);
    CHECK(loaded.tokenize("lower") == clip.tokenize("lower"));
    CHECK(sentence_features(loaded, sentences).equal(sentence_features(clip, sentences)));
    CHECK(loaded.encode_image(pixels(2)).equal(clip.encode_image(pixels(2))));
  }
  CHECK(relative_difference(sentence_features(random_clip(Activation::QuickGelu), sentences),
                            sentence_features(clip, sentences)) > 1e-4);
}

TEST_CASE("many images at once give what each gives alone, with and without a gradient", "[model]") {
  const Clip clip = random_clip();
  const Tensor images = pixels(19);
  const Tensor together = clip.encode_image(images);
  REQUIRE(together.size(0) == 19);
  for (std::int64_t i = 0; i < 19; ++i) {
    CHECK(relative_difference(together.narrow(0, i, 1), clip.encode_image(images.narrow(0, i, 1))) < 1e-5);
  }
  const Tensor differentiated = clip.encode_image(images.clone().requires_grad_(true));
  CHECK(differentiated.requires_grad());
  CHECK(relative_difference(differentiated, together) < 1e-5);
}

TEST_CASE("a tokenizer of another size is refused", "[model]") {
  const ClipTokenizer other(MergeList{{"l", "o"}});
  CHECK_THROWS_WITH(Clip(prepare_clip_weights(random_file(), "random"), other),
                    ContainsSubstring("the tokenizer has 515 tokens, token_embedding.weight has 518 rows"));
}
