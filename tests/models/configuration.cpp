// SPDX-License-Identifier: Apache-2.0
#include <mao/models/configuration.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

const char* const open_clip_file =
    R"({"model_cfg": {"embed_dim": 8, "vision_cfg": {"head_width": 32}, "text_cfg": {}}})";
const char* const hugging_face_file = R"({"vision_config": {"num_attention_heads": 16}, "text_config": {}})";

}  // namespace

TEST_CASE("the configuration lies beside the checkpoint, that of its names first", "[configuration]") {
  const TemporaryFolder folder;
  CHECK_FALSE(configuration_beside(folder.path(), ClipLayout::OpenAi).has_value());
  folder.write("config.json", hugging_face_file);
  CHECK(configuration_beside(folder / "model.safetensors", ClipLayout::OpenAi)->form.vision.heads == 16);
  folder.write("open_clip_config.json", open_clip_file);
  for (const auto& path : {folder.path(), folder / "model.safetensors"}) {
    CHECK(configuration_beside(path, ClipLayout::OpenAi)->form.vision.heads == 24);
    CHECK(configuration_beside(path, ClipLayout::OpenClipCustom)->form.vision.heads == 24);
    CHECK(configuration_beside(path, ClipLayout::HuggingFace)->form.vision.heads == 16);
  }
}

TEST_CASE("mao's own configuration", "[configuration]") {
  const TemporaryFolder folder;
  const auto read = [&](const char* json) { return read_clip_configuration(folder.write("config.json", json)); };
  const auto own = read(R"({"activation": "gelu", "vision_heads": 3, "image_size": 48, "mean": [0.5, 0.5, 0.5]})");
  CHECK(own.form.vision == TowerForm{.heads = 3, .activation = Activation::Gelu});
  CHECK(own.form.text == TowerForm{.heads = 0, .activation = Activation::Gelu});
  CHECK(own.sizes.size() == 1);
  CHECK_THROWS_WITH(read(R"({"activation": "relu"})"), ContainsSubstring("config.json says activation \"relu\""));
  CHECK_THROWS_AS(read(R"({"activation": 3})"), FormatError);
  CHECK_THROWS_WITH(read(R"({"activation": "gelu", "pooling": "avg"})"), ContainsSubstring("pooling is \"avg\""));
  CHECK_THROWS_WITH(read(R"({"lr": 0.1})"), ContainsSubstring("is not the configuration of a CLIP that mao knows"));
  CHECK_THROWS_AS(read("[1]"), FormatError);
  CHECK_THROWS_AS(read("{"), FormatError);
}

TEST_CASE("a file says whose tokenizer its model has, and NaN is named by its key", "[configuration]") {
  const TemporaryFolder folder;
  const auto read = [&](const char* json) { return read_clip_configuration(folder.write("config.json", json)); };
  CHECK(read(R"({"activation": "gelu"})").cleaning == TextCleaning::OpenAi);
  CHECK(read(open_clip_file).cleaning == TextCleaning::OpenClip);
  CHECK_FALSE(read(hugging_face_file).cleaning.has_value());  // that of its tensors' names decides
  CHECK_THROWS_WITH(read(R"({"text_config": {"layer_norm_eps": NaN}})"),
                    ContainsSubstring("config.json: text_config.layer_norm_eps is \"NaN\", expected a number"));
}
