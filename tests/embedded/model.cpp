// SPDX-License-Identifier: Apache-2.0
// The shipped weights: the library's towers agree with those of the training program, and accuracies lie in bands.
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ops/matmul.h>

#include <mao/clip/model.hpp>
#include <mao/core/safetensors.hpp>
#include <mao/prompts/templates.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

#include "../../examples/embedded/zero_shot.hpp"

namespace world = mao::world;

namespace {

const std::filesystem::path folder = std::filesystem::path(mao_test::source_dir()) / "examples/embedded/model";

mao::Clip shipped() { return mao::Clip::load(folder, {.vocabulary = folder / "merges.txt", .activation = {}}); }

/// Per cent right of zero-shot with "a photo of a {}." on the first ten test images of each class.
double zero_shot(const mao::Clip& clip, const world::Task& task, world::Half half) {
  const at::NoGradGuard frozen;
  world::Task few = task;
  few.test_images = 10;
  const auto set = world::pictures(few, half, world::Split::Test);
  std::vector<std::string> prompts;
  for (const auto& name : set.class_names) prompts.push_back("a photo of a " + name + ".");
  const auto text = mao::sentence_features(clip, prompts);
  const auto scores = at::matmul(clip.encode_image(set.pixels()), (text / text.norm(2, -1, true)).t());
  return scores.argmax(-1).eq(set.labels).to(at::kDouble).mean().item<double>() * 100;
}

}  // namespace

TEST_CASE("the library's towers and the training program's agree on the shipped weights", "[embedded]") {
  const at::NoGradGuard frozen;
  const mao::Clip clip = shipped();
  world::ModelSizes sizes;
  sizes.vocabulary = clip.tokenizer().size();
  const world::TrainableClip trained(clip.weights().tensors, sizes, at::kFloat);
  world::Task few = world::task("sketch");
  few.test_images = 1;
  const auto pixels = world::pictures(few, world::Half::New, world::Split::Test).pixels();
  CHECK((clip.encode_image(pixels) - trained.encode_image(pixels)).abs().max().item<double>() < 1e-3);
  const std::vector<std::string> prompts = {"a photo of a striped red circle.", "a drawing of a plain teal moon."};
  const auto rows = world::token_rows(clip.tokenizer(), prompts, sizes.context);
  const auto expected = trained.encode_text(rows.tokens, rows.ends);
  CHECK((mao::sentence_features(clip, prompts) - expected).abs().max().item<double>() < 1e-3);
}

TEST_CASE("the shipped model is small and knows unseen combinations", "[embedded]") {
  CHECK(std::filesystem::file_size(folder / "model.safetensors") < 5'000'000);
  const mao::Clip clip = shipped();
  for (const char* name : {"sketch", "shifted", "disjoint"}) {
    for (const auto half : {world::Half::Base, world::Half::New}) {
      const double accuracy = zero_shot(clip, world::task(name), half);
      INFO(name << (half == world::Half::Base ? " Base " : " New ") << accuracy);
      CHECK(accuracy > 50);
      CHECK(accuracy < 100);
    }
  }
}
