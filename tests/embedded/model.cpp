// SPDX-License-Identifier: Apache-2.0
// The shipped weights: the library's towers agree with those of the training program, and accuracies lie in bands.
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/siglip.hpp>
#include <mao/prompts/templates.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

#include "embedded/trainable_clip.hpp"
#include "embedded/trainable_siglip.hpp"
#include "embedded/zero_shot.hpp"

namespace embedded = mao::embedded;

namespace {

const std::filesystem::path tools = std::filesystem::path(mao_test::source_dir()) / "tools/embedded";

mao::Clip shipped_clip() {
  return mao::Clip::load(tools / "model", {.vocabulary = tools / "model/merges.txt", .activation = {}});
}

mao::Siglip shipped_siglip() { return mao::Siglip::load(tools / "siglip"); }

/// Largest differences of features between the library's `model` and the training program's `Trained`.
template <class Trained, class ModelT>
void expect_agreement(const ModelT& model) {
  const at::NoGradGuard frozen;
  embedded::ModelSizes sizes;
  sizes.vocabulary = model.tokenizer().size();
  const Trained trained(model.weights().tensors, sizes, at::kFloat);
  embedded::Task few = embedded::task("sketch");
  few.test_images = 1;
  const auto pixels = embedded::pictures(few, embedded::Half::New, embedded::Split::Test).pixels(Trained::preprocess());
  CHECK((model.encode_image(pixels) - trained.encode_image(pixels)).abs().max().template item<double>() < 1e-3);
  const std::vector<std::string> prompts = {"a photo of a striped red circle.", "a drawing of a plain teal moon."};
  const auto rows = embedded::token_rows(model.tokenizer(), prompts, sizes.context);
  const auto expected = trained.encode_text(rows.tokens, rows.ends);
  CHECK((mao::sentence_features(model, prompts) - expected).abs().max().template item<double>() < 1e-3);
}

/// Per cent right of zero-shot with "a photo of a {}." on the first ten test images of each class.
template <class ModelT>
double zero_shot(const ModelT& model, const embedded::Task& task, embedded::Half half) {
  const at::NoGradGuard frozen;
  embedded::Task few = task;
  few.test_images = 10;
  const auto set = embedded::pictures(few, half, embedded::Split::Test);
  std::vector<std::string> prompts;
  for (const auto& name : set.class_names) prompts.push_back("a photo of a " + name + ".");
  const auto text = mao::sentence_features(model, prompts);
  const auto scores =
      at::matmul(model.encode_image(set.pixels(model.preprocess())), (text / text.norm(2, -1, true)).t());
  return scores.argmax(-1).eq(set.labels).to(at::kDouble).mean().template item<double>() * 100;
}

template <class ModelT>
void expect_useful(const ModelT& model) {
  for (const char* name : {"sketch", "shifted", "disjoint"}) {
    for (const auto half : {embedded::Half::Base, embedded::Half::New}) {
      const double accuracy = zero_shot(model, embedded::task(name), half);
      INFO(name << (half == embedded::Half::Base ? " Base " : " New ") << accuracy);
      CHECK(accuracy > 50);
      CHECK(accuracy < 100);
    }
  }
}

}  // namespace

TEST_CASE("the library's towers and the training program's agree on the shipped weights", "[embedded]") {
  expect_agreement<embedded::TrainableClip>(shipped_clip());
  expect_agreement<embedded::TrainableSiglip>(shipped_siglip());
}

TEST_CASE("the shipped models are small and know unseen combinations", "[embedded]") {
  CHECK(std::filesystem::file_size(tools / "model/model.safetensors") < 5'000'000);
  CHECK(std::filesystem::file_size(tools / "siglip/model.safetensors") < 3'600'000);
  expect_useful(shipped_clip());
  expect_useful(shipped_siglip());
}
