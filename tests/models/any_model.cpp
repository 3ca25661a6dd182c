// SPDX-License-Identifier: Apache-2.0
#include <mao/models/any_model.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/siglip.hpp>
#include <mao/prompts/templates.hpp>

#include <support/catch.hpp>
#include <support/siglip_weights.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao::testing::ToyModel;

TEST_CASE("an AnyModel gives what the model it holds gives, copies too", "[any_model]") {
  const ToyModel model(4);
  const AnyModel first{ToyModel(4)};
  const AnyModel held = first;  // NOLINT: a copy on purpose
  CHECK(held.fingerprint() == model.fingerprint());
  CHECK(held.tokenize("a red fox.") == model.tokenize("a red fox."));
  CHECK(held.start_token() == model.start_token());
  CHECK(held.end_token() == model.end_token());
  CHECK(held.start_token() != held.end_token());
  CHECK(held.context_length() == model.context_length());
  CHECK(held.logit_scale() == model.logit_scale());
  CHECK(held.preprocess() == model.preprocess());
  const std::vector<std::string> sentences{"a red fox.", "an owl."};
  CHECK(sentence_features(held, sentences).equal(sentence_features(model, sentences)));
  const Tensor pixels = mao::testing::ToyImages(2, 1, 1).pixels;
  CHECK(held.encode_image(pixels).equal(model.encode_image(pixels)));
}

TEST_CASE("an AnyModel asks before each encoding, which what is thrown there prevents", "[any_model]") {
  struct Enough {};
  int asked = 0;
  const AnyModel held(ToyModel(4), [&] {
    if (++asked == 3) throw Enough();
  });
  const AnyModel copy = held;  // NOLINT: a copy on purpose
  const Tensor pixels = mao::testing::ToyImages(2, 1, 1).pixels;
  CHECK(copy.encode_image(pixels).equal(ToyModel(4).encode_image(pixels)));
  CHECK(asked == 1);
  static_cast<void>(sentence_features(held, {"an owl."}));
  CHECK(asked == 2);
  CHECK_THROWS_AS(held.encode_image(pixels), Enough);
}

TEST_CASE("AnyModels differ by what they hold", "[any_model]") {
  AnyModel held{ToyModel(1)};
  const std::string before = held.fingerprint();
  held = AnyModel{ToyModel(2)};
  CHECK(held.fingerprint() != before);
}

TEST_CASE("an AnyModel has the logit bias of a SigLIP, and none of other models", "[any_model]") {
  CHECK_FALSE(AnyModel{ToyModel(1)}.logit_bias().has_value());
  const mao_test::TemporaryFolder folder;
  mao_test::write_siglip(folder);
  CHECK(AnyModel{Siglip::load(folder.path())}.logit_bias() == -10.0);
}
