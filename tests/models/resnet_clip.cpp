// SPDX-License-Identifier: Apache-2.0
#include <mao/models/resnet_clip.hpp>

#include <mao/embedded/toy_model.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>

#include <support/catch.hpp>
#include <support/resnet_weights.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>
#include <support/text.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

constexpr const char* configuration = R"({"model_cfg": {"embed_dim": 24, "vision_cfg": {"image_size": 64,
  "layers": [1, 2, 1, 1], "width": 8, "head_width": 64, "patch_size": null},
  "text_cfg": {"context_length": 16, "vocab_size": 518, "width": 64, "heads": 1, "layers": 2}}})";

/// Writes a checkpoint of a small ResNet.
void write_checkpoint(const mao_test::TemporaryFolder& folder, const std::string& config = configuration) {
  write_safetensors(folder / "model.safetensors", mao_test::random_resnet_weights(mao_test::small_resnet(), 3));
  mao_test::small_tokenizer().save_merges(folder / "merges.txt");
  folder.write("open_clip_config.json", config);
}

std::string configuration_with(const std::string& to, const std::string& from) {
  std::string text = configuration;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a checkpoint with a ResNet is read with its configuration", "[resnet_clip]") {
  const mao_test::TemporaryFolder folder;
  write_checkpoint(folder);
  const ClipOptions options{.vocabulary = folder / "merges.txt", .activation = {}};
  const ResNetClip clip = ResNetClip::load(folder.path(), options);
  CHECK(clip.weights().form.vision.heads == 4);
  CHECK(clip.preprocess().resolution == 64);
  const Tensor pixels = normal_tensor({11, 3, 64, 64}, 1.0, Rng(2)), all = clip.encode_image(pixels);
  REQUIRE(all.size(0) == 11);
  CHECK(relative_difference(all.narrow(0, 9, 1), clip.encode_image(pixels.narrow(0, 9, 1))) < 1e-5);
  CHECK_THROWS_WITH(Clip::load(folder.path(), options), ContainsSubstring("has a ResNet image tower"));
}

TEST_CASE("a configuration of another model is refused by its key", "[resnet_clip]") {
  const auto refused = [](const std::string& from, const std::string& to, const std::string& message) {
    const mao_test::TemporaryFolder folder;
    write_checkpoint(folder, configuration_with(to, from));
    CHECK_THROWS_WITH(ResNetClip::load(folder.path(), {.vocabulary = folder / "merges.txt", .activation = {}}),
                      ContainsSubstring(message));
  };
  refused("[1, 2, 1, 1]", "[1, 2, 2, 1]", "vision_cfg.layers is [1, 2, 2, 1], a ResNet, but the checkpoint's ResNet");
  refused("[1, 2, 1, 1]", "[1, 2, 1]", "vision_cfg.layers is [1,2,1], expected one number, or four of a ResNet");
  refused("[1, 2, 1, 1]", "12", "vision_cfg.head_width is 64, expected one that divides the width 8");  // a ViT
  refused("\"width\": 8", "\"width\": 16", "vision_cfg.width means 16");
  refused("\"head_width\": 64", "\"head_width\": 60", "vision_cfg.head_width is 60");
  refused("\"image_size\": 64", "\"image_size\": 96", "vision_cfg.image_size means 96");
}

TEST_CASE("without a configuration the heads of a width that nobody published are asked for", "[resnet_clip]") {
  const mao_test::TemporaryFolder folder;
  write_checkpoint(folder);
  std::filesystem::remove(folder / "open_clip_config.json");
  const ClipOptions options{.vocabulary = folder / "merges.txt", .activation = Activation::Gelu};
  CHECK_THROWS_WITH(ResNetClip::load(folder.path(), options),
                    ContainsSubstring("say --heads IMAGE,TEXT") && ContainsSubstring("\"layers\":[1,2,1,1]"));
  ClipOptions stated = options;
  stated.heads = ClipHeads{4, 1};
  CHECK(ResNetClip::load(folder.path(), stated).weights().form.vision.heads == 4);
  CHECK(published_vision_heads(2048) == 32);
}

TEST_CASE("a ViT is no ResNet", "[resnet_clip]") {
  ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vocabulary = mao_test::small_tokenizer().size();
  const TensorFile file{mao::testing::random_clip_weights(sizes, 3), {}};
  CHECK_THROWS_WITH(
      ResNetClip({prepare_clip_weights(file, "random", Activation::Gelu, ClipForm()), mao_test::small_tokenizer()}),
      ContainsSubstring("has a ViT image tower; expected a ResNet"));
}
