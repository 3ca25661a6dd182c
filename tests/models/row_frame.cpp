// SPDX-License-Identifier: Apache-2.0
#include <mao/models/row_frame.hpp>

#include <mao/embedded/toy_model.hpp>
#include <mao/models/siglip.hpp>
#include <mao/prompts/nameless.hpp>
#include <mao/prompts/templates.hpp>

#include <support/catch.hpp>
#include <support/siglip_weights.hpp>

using namespace mao;

TEST_CASE("a model with a start token has it in every row, one without has rows of text and end alone", "[row_frame]") {
  const mao::testing::ToyModel toy;
  CHECK(has_start(toy));
  CHECK(frame_tokens(toy) == 2);
  CHECK(start_row(toy).size(0) == 1);
  const mao_test::TemporaryFolder folder;
  mao_test::write_siglip(folder);
  const Siglip siglip = Siglip::load(folder.path());
  CHECK(!has_start(siglip));
  CHECK(frame_tokens(siglip) == 1);
  CHECK(start_row(siglip).sizes() == at::IntArrayRef({0, 48}));
  const TextBatch batch = text_batch(siglip, {"owl"});
  CHECK(batch.prefix.sizes() == at::IntArrayRef({1, 0, 48}));
  CHECK(batch.suffix_length(0) == 4);  // three letters and the end
  const std::string longest(23, 'a');
  CHECK(sentence_ids(siglip, longest).size() == 23);
  CHECK_THROWS_WITH(sentence_ids(siglip, longest + "a"),
                    ContainsSubstring("has 25 tokens with its end, the model takes 24"));
  const TextBatch nameless = nameless_prompts(siglip, normal_tensor({2, 3, 48}, 1.0, Rng(1)));
  CHECK(nameless.prefix.sizes() == at::IntArrayRef({2, 3, 48}));
  CHECK(!nameless.starts);
}
