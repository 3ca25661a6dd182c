// SPDX-License-Identifier: Apache-2.0
// The program `mao` with a model, a sampler and a loss of your own.
//
//   build/release/bin/examples/08_own_policies_in_mao tune --data sketch --model mirrored --sampler balanced
//     --regularizer smooth --out runs/own
//
// CMake: target_link_libraries(my_mao PRIVATE mao::program)
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/flip.h>
#include <ATen/ops/log_softmax.h>

#include <mao/core/operators.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/regularizers/cross_entropy.hpp>

#include <mao/program.hpp>

/// The embedded CLIP, whose image features are the mean of those of an image and its mirror image.
struct Mirrored {
  std::shared_ptr<const mao::Clip> clip = mao::embedded::clip();

  mao::Tensor encode_image(const mao::Tensor& pixels) const {
    return (clip->encode_image(pixels) + clip->encode_image(at::flip(pixels, {3}))) / 2;
  }
  std::string fingerprint() const { return clip->fingerprint() + ", mirrored"; }
  std::vector<std::int64_t> tokenize(const std::string& text) const { return clip->tokenize(text); }
  std::int64_t start_token() const { return clip->start_token(); }
  std::int64_t end_token() const { return clip->end_token(); }
  std::int64_t context_length() const { return clip->context_length(); }
  mao::Tensor embed(const mao::Tensor& ids) const { return clip->embed(ids); }
  mao::Tensor encode_text(const mao::TextBatch& batch) const { return clip->encode_text(batch); }
  double logit_scale() const { return clip->logit_scale(); }
  mao::Preprocess preprocess() const { return clip->preprocess(); }
};

/// Batches with equally many images of each class that they hold, in turn.
struct Balanced {
  mao::tool::Stage stage;

  std::vector<mao::Batch> epoch(mao::Rng& rng) const {
    std::vector<std::vector<std::int64_t>> images(static_cast<std::size_t>(stage.classes.size()));
    for (std::size_t i = 0; i < stage.labels.size(); ++i) {
      images[static_cast<std::size_t>(stage.labels[i])].push_back(static_cast<std::int64_t>(i));
    }
    std::size_t longest = 0;
    for (auto& each : images) {
      rng.shuffle(each);
      longest = std::max(longest, each.size());
    }
    std::vector<mao::Batch> batches;
    for (std::size_t turn = 0; turn < longest; ++turn) {
      for (std::size_t c = 0; c < images.size(); ++c) {
        if (turn >= images[c].size()) continue;
        if (batches.empty() || batches.back().size() == stage.batch) batches.emplace_back();
        batches.back().images.push_back(images[c][turn]);
        batches.back().labels.push_back(static_cast<std::int64_t>(c));
      }
    }
    return batches;
  }
  mao::Description describe() const { return mao::Description("balanced").with("batch", stage.batch); }
};

/// Cross entropy over all classes, whose labels give `share` to all of them alike.
struct Smooth {
  double share = 0.1;

  mao::Candidates candidates(const mao::Batch&, const mao::ClassList& classes) const {
    return mao::Candidates::all(classes.size());
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const auto columns = mao::columns_of(batch.labels, output.candidates);
    const mao::Tensor even = mao::weighted_mean(at::log_softmax(output.logits, 1).mean(1).neg(), batch.weights);
    return mao::weighted_cross_entropy(output.logits, columns, batch.weights) * (1 - share) + even * share;
  }
  mao::Description describe() const { return mao::Description("smooth").with("share", share); }
};

int main(int argc, char** argv) {
  using namespace mao::tool;
  return run(argc, argv, with_model("mirrored", [] { return Mirrored(); }),
             with_sampler("balanced", [](const Stage& stage) { return Balanced{stage}; }),
             with_regularizer("smooth", [] { return Smooth(); }));
}
