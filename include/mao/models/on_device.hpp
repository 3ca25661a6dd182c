// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A model on a device other than the CPU, and its parameters.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <mao/models/concepts.hpp>

namespace mao::cuda {

/// Moves parameters in place, so all references see the moved ones. Use it for a new backbone, whose random starts were
/// drawn on the CPU.
void move_parameters(const ParameterList& parameters, const c10::Device& device);

/// The weights on that device; a model that is made from them computes there.
TensorMap moved(TensorMap tensors, const c10::Device& device);

/// A model whose weights are on `device`. Its inputs may be on any device: token ids, pixels, and prompts that have not
/// been moved.
template <VisionLanguageModel ModelT>
class OnDevice {
 public:
  OnDevice(ModelT model, const c10::Device& device) : model_(std::move(model)), device_(device) {}

  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const { return model_.tokenize(text); }
  [[nodiscard]] std::int64_t start_token() const { return model_.start_token(); }
  [[nodiscard]] std::int64_t end_token() const { return model_.end_token(); }
  [[nodiscard]] std::int64_t context_length() const { return model_.context_length(); }
  [[nodiscard]] Tensor embed(const Tensor& ids) const { return model_.embed(ids.to(device_)); }
  [[nodiscard]] Tensor encode_text(const TextBatch& batch) const { return model_.encode_text(here(batch)); }
  [[nodiscard]] Tensor encode_text(const TextBatch& batch,
                                   const BlockPrompts& prompts) const requires PromptedTowers<ModelT> {
    return model_.encode_text(here(batch), here(prompts));
  }
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const { return model_.encode_image(pixels.to(device_)); }
  [[nodiscard]] Tensor encode_image(const Tensor& pixels,
                                    const ImagePrompts& prompts) const requires PromptedTowers<ModelT> {
    return model_.encode_image(pixels.to(device_), {.tokens = here(prompts.tokens), .deep = here(prompts.deep)});
  }
  [[nodiscard]] TowerSizes towers() const requires PromptedTowers<ModelT> { return model_.towers(); }
  [[nodiscard]] double logit_scale() const { return model_.logit_scale(); }
  [[nodiscard]] double logit_bias() const requires requires(const ModelT& model) { model.logit_bias(); }
  { return model_.logit_bias(); }
  [[nodiscard]] Preprocess preprocess() const { return model_.preprocess(); }
  [[nodiscard]] std::string fingerprint() const { return model_.fingerprint(); }

  [[nodiscard]] const c10::Device& device() const { return device_; }
  [[nodiscard]] const ModelT& model() const { return model_; }

 private:
  [[nodiscard]] Tensor here(const Tensor& tensor) const { return tensor.defined() ? tensor.to(device_) : tensor; }
  [[nodiscard]] TextBatch here(TextBatch batch) const {
    batch.prefix = here(batch.prefix);
    batch.suffix = here(batch.suffix);
    return batch;
  }
  [[nodiscard]] BlockPrompts here(BlockPrompts prompts) const {
    for (BlockPrompt& prompt : prompts) {
      prompt.replacement = here(prompt.replacement);
      prompt.attended = here(prompt.attended);
    }
    return prompts;
  }

  ModelT model_;
  c10::Device device_;
};

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/on_device.ipp>
#endif
