// SPDX-License-Identifier: Apache-2.0
// The shipped weights: the library's towers agree with those of the training program, and accuracies lie in bands.
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/prompts/templates.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

#include "embedded/zero_shot.hpp"

namespace embedded = mao::embedded;

namespace {

const std::filesystem::path folder = std::filesystem::path(mao_test::source_dir()) / "tools/embedded/model";

mao::Clip shipped() { return mao::Clip::load(folder, {.vocabulary = folder / "merges.txt", .activation = {}}); }

/// Per cent right of zero-shot with "a photo of a {}." on the first ten test images of each class.
double zero_shot(const mao::Clip& clip, const embedded::Task& task, embedded::Half half) {
  const at::NoGradGuard frozen;
  embedded::Task few = task;
  few.test_images = 10;
  const auto set = embedded::pictures(few, half, embedded::Split::Test);
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
  embedded::ModelSizes sizes;
  sizes.vocabulary = clip.tokenizer().size();
  const embedded::TrainableClip trained(clip.weights().tensors, sizes, at::kFloat);
  embedded::Task few = embedded::task("sketch");
  few.test_images = 1;
  const auto pixels = embedded::pictures(few, embedded::Half::New, embedded::Split::Test).pixels();
  CHECK((clip.encode_image(pixels) - trained.encode_image(pixels)).abs().max().item<double>() < 1e-3);
  const std::vector<std::string> prompts = {"a photo of a striped red circle.", "a drawing of a plain teal moon."};
  const auto rows = embedded::token_rows(clip.tokenizer(), prompts, sizes.context);
  const auto expected = trained.encode_text(rows.tokens, rows.ends);
  CHECK((mao::sentence_features(clip, prompts) - expected).abs().max().item<double>() < 1e-3);
}

TEST_CASE("the shipped model is small and knows unseen combinations", "[embedded]") {
  CHECK(std::filesystem::file_size(folder / "model.safetensors") < 5'000'000);
  const mao::Clip clip = shipped();
  for (const char* name : {"sketch", "shifted", "disjoint"}) {
    for (const auto half : {embedded::Half::Base, embedded::Half::New}) {
      const double accuracy = zero_shot(clip, embedded::task(name), half);
      INFO(name << (half == embedded::Half::Base ? " Base " : " New ") << accuracy);
      CHECK(accuracy > 50);
      CHECK(accuracy < 100);
    }
  }
}
