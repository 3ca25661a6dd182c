// SPDX-License-Identifier: Apache-2.0
#include <mao/models/clip_text.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/tensor.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>
#include <support/resnet_weights.hpp>
#include <support/text.hpp>

using namespace mao;
using mao_test::small_tokenizer;

namespace {

ClipText text_of_seed(std::uint64_t seed) {
  const TensorFile file{mao_test::random_resnet_weights(mao_test::small_resnet(), seed), {}};
  ClipForm form;
  form.vision.heads = 4;
  return ClipText({prepare_clip_weights(file, "random", Activation::Gelu, form), small_tokenizer()}, Precision::Fp32);
}

}  // namespace

TEST_CASE("the text side is complete without an image tower", "[clip_text]") {
  const ClipText text = text_of_seed(1);
  CHECK(text.logit_scale() == Approx(20.0));
  CHECK(text.context_length() == 16);
  CHECK(text.tokenize("lower") == small_tokenizer().encode("lower"));
  CHECK(text.embed(at::tensor({0, 1, 2})).sizes() == at::IntArrayRef({3, 64}));
  CHECK(text.fingerprint() == text_of_seed(1).fingerprint());
  CHECK(text.fingerprint() != text_of_seed(2).fingerprint());
}

TEST_CASE("the text side refuses a text that holds the end-of-text token", "[clip_text]") {
  CHECK_THROWS_WITH(text_of_seed(1).tokenize("low <|endoftext|> new"),
                    ContainsSubstring("holds the end-of-text token"));
}
