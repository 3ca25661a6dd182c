// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/bert_encoder.hpp>

#include <ATen/ops/randn.h>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

TEST_CASE("a number of a configuration file, or the other value") {
  const mao_test::TemporaryFolder folder;
  const auto file = folder.write("config.json", "{\"heads\": 4, \"name\": \"x\"}");
  CHECK(detail::config_number(file, "heads", 7) == 4);
  CHECK(detail::config_number(file, "name", 7) == 7);
  CHECK(detail::config_number(file, "absent", 7) == 7);
  CHECK(detail::config_number(folder / "absent.json", "heads", 7) == 7);
  CHECK_THROWS_AS(detail::config_number(folder.write("bad.json", "{"), "heads", 7), FormatError);
}

TEST_CASE("a model without layers is refused") {
  const mao_test::TemporaryFolder folder;
  TensorMap tensors{{"embeddings.word_embeddings.weight", at::randn({5, 32})},
                    {"embeddings.position_embeddings.weight", at::randn({4, 32})},
                    {"embeddings.token_type_embeddings.weight", at::randn({2, 32})},
                    {"embeddings.LayerNorm.weight", at::randn({32})},
                    {"embeddings.LayerNorm.bias", at::randn({32})}};
  const detail::WeightReader reader(tensors, "model");
  CHECK_THROWS_WITH(detail::BertEncoder(reader, folder.path()), ContainsSubstring("encoder.layer.0"));
}
