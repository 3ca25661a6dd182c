// SPDX-License-Identifier: Apache-2.0
// The program `mao` with your own method and labeller, for `tune`, protocols, sweeps, `predict` and `export`.
//
//   cd build/release/bin/examples
//   ./07_own_method_in_mao tune --data sketch --method taskres --set share=0.5 --out run
//   ./07_own_method_in_mao predict --prompts run/seed1/plain.prompts.safetensors photo.png
//
// CMake: target_link_libraries(my_mao PRIVATE mao::program)
#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <mao/backbones/zero_shot.hpp>
#include <mao/core/operators.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/labelers/labelers.hpp>

#include <mao/program.hpp>

/// TaskRes (Yu et al., arXiv 2211.10277): a learned residual for each class is added to its frozen text feature.
template <mao::VisionLanguageModel ModelT>
class TaskRes {
 public:
  struct Options {
    double share = 0.5;  // of the residual
    static constexpr const char* fields[] = {"share"};
  };
  static constexpr bool frozen_image_tower = true;

  TaskRes(std::shared_ptr<const ModelT> model, mao::ClassList classes, Options options)
      : untuned_(std::move(model), classes),
        options_(options),
        trained_(std::move(classes)),
        residual_(mao::parameter(at::zeros_like(untuned_.encode_text(mao::Candidates::all(trained_.size()))))) {}

  void bind(const mao::ClassList& classes) { untuned_.bind(classes); }
  const mao::ClassList& classes() const { return untuned_.classes(); }
  mao::ClassList learned_for() const { return trained_; }

  mao::Output forward(const mao::ImageBatch& images, const mao::Candidates& candidates) {
    return mao::compare(encode_image(images), encode_text(candidates), logit_scale(), candidates);
  }
  mao::Tensor encode_image(const mao::ImageBatch& images) { return untuned_.encode_image(images); }
  /// A class without a residual (not in the training) has the features of the untuned model.
  mao::Tensor encode_text(const mao::Candidates& candidates) {
    std::vector<mao::Tensor> rows;
    for (const std::int64_t id : candidates.ids) {
      const auto& names = trained_.names;
      const auto at = std::ranges::find(names, classes().names[static_cast<std::size_t>(id)]);
      rows.push_back(at == names.end() ? at::zeros_like(residual_[0]) : residual_[at - names.begin()]);
    }
    return mao::unit_rows(untuned_.encode_text(candidates) + at::stack(rows) * options_.share);
  }
  double logit_scale() const { return untuned_.logit_scale(); }

  mao::Tensor auxiliary_loss(const mao::Output&, const mao::Batch&) { return {}; }
  mao::ParameterList parameters() { return {{"residual", residual_}}; }
  const ModelT& model() const { return untuned_.model(); }
  mao::Description describe() const { return mao::described("TaskRes", options_); }

 private:
  mao::ZeroShot<ModelT> untuned_;
  Options options_;
  mao::ClassList trained_;
  mao::OwnTensor residual_;  // [C, D]
};

/// The untuned model's labels, if it is confident.
struct Sure {
  mao::TunedPromptLabeler<mao::ZeroShot<mao::AnyModel>> inner;

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels labels = inner.label(images);
    for (float& confidence : labels.confidence) confidence = confidence < 0.5F ? 0.0F : confidence;
    return labels;
  }
};

int main(int argc, char** argv) {
  return mao::tool::run(
      argc, argv, mao::tool::with_method<TaskRes>("taskres", "a residual for each class (Yu et al.)"),
      mao::tool::with_labeler("sure", [](auto untuned, auto) { return Sure{mao::TunedPromptLabeler(untuned)}; }));
}
