// SPDX-License-Identifier: Apache-2.0
#include <mao/models/form.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("heads are of 64 channels unless stated, and divide the width", "[form]") {
  CHECK(TowerForm{}.heads_in(768) == 12);
  CHECK(TowerForm{.heads = 16}.heads_in(1280) == 16);
  CHECK_THROWS_WITH(TowerForm{.heads = 7}.heads_in(768), ContainsSubstring("width 768 cannot have 7 heads"));
}

TEST_CASE("the published widths have their published heads", "[form]") {
  CHECK(published_vision_heads(768) == 12);
  CHECK(published_vision_heads(1280) == 16);  // H: heads of 80
  CHECK(published_text_heads(1280) == 20);    // bigG: heads of 64
  CHECK(published_vision_heads(1408) == 16);  // g: 88
  CHECK(published_vision_heads(1664) == 16);  // bigG: 104
  CHECK(published_vision_heads(1792) == 16);  // e: 112
  CHECK(published_vision_heads(192) == 0);
  CHECK(published_text_heads(1000) == 0);
  CHECK(published_vision_heads(640) == 0);  // a text tower's
  CHECK(published_text_heads(1408) == 0);   // an image tower's
}

TEST_CASE("a form is described as far as it is not OpenAI's", "[form]") {
  ClipForm form;
  CHECK(describe_vision(form, 768) == "12 heads of 64, quick_gelu, eps 1e-05, reads the class token");
  CHECK(describe_text(form, 512) == "8 heads of 64, quick_gelu, eps 1e-05, causal mask, reads the end-of-text token");
  form.vision = {.heads = 16, .activation = Activation::Gelu, .epsilon = 1e-6};
  form.image_pooling = ImagePooling::Patches;
  form.norm_after_pooling = form.vision_scale = true;
  form.ln_pre = form.causal = form.text_projection = false;
  form.text_pooling = TextPooling::Last;
  CHECK(describe_vision(form, 1280) ==
        "16 heads of 80, gelu, eps 1e-06, layer norm of the mean of the patches, no layer "
        "norm before the blocks, layer scale");
  CHECK(describe_text(form, 64) ==
        "1 head of 64, quick_gelu, eps 1e-05, no mask, reads the last token of the padded "
        "row, no projection");
  CHECK_FALSE(form.packs_text());
  CHECK(ClipForm{}.packs_text());
}
