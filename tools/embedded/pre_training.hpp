// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pre-training of the embedded models.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <numbers>
#include <string>
#include <utility>

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>
#include <mao/io/safetensors.hpp>

#include "adamw.hpp"
#include "batches.hpp"
#include "trainable_clip.hpp"

namespace mao::embedded {

struct PreTrainingOptions {
  std::int64_t steps = 2400;  ///< the learning rate's schedule ends here
  std::int64_t stop_at = -1;  ///< earlier end of this run, or -1
  std::int64_t batch = 256;
  std::uint64_t seed = 1;
  double learning_rate = 1.5e-3;
  std::int64_t warm_up = 150;
  double attributes = 0.3;  ///< weight of the attribute heads' loss, which fades to 0 at the last step
  std::int64_t save_every = 250;
  at::ScalarType precision = at::kBFloat16;
  std::filesystem::path folder;  ///< of checkpoint.safetensors
};

/// Linear warm-up, then a cosine down to 2 % of the full rate.
inline double learning_rate(const PreTrainingOptions& options, std::int64_t step) {
  if (step < options.warm_up)
    return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(options.warm_up);
  const double done =
      static_cast<double>(step - options.warm_up) / static_cast<double>(options.steps - options.warm_up);
  return options.learning_rate * (0.02 + 0.98 * 0.5 * (1 + std::cos(std::numbers::pi * done)));
}

/// Linear heads on the pooled image that name shape, colour, texture, background and style. They speed up the
/// image tower's learning and are not part of the model.
inline Tensor attribute_loss(const Tensor& pooled, const TensorMap& weights, const Tensor& attributes) {
  constexpr std::array<std::int64_t, 5> sizes = {10, 10, 5, 6, 6};
  const Tensor logits = at::linear(pooled, weights.at("heads.weight"), weights.at("heads.bias"));
  Tensor total = at::zeros({});
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto column = attributes.select(1, static_cast<std::int64_t>(i));
    total = total + at::cross_entropy_loss(logits.narrow(1, first, sizes[i]), column);
    first += sizes[i];
  }
  return total;
}

/// The training run of a `Model`, TrainableClip or TrainableSiglip: weights, optimiser and where it stands.
template <class Model = TrainableClip>
class PreTraining {
 public:
  PreTraining(PreTrainingOptions options, const ModelSizes& sizes)
      : options_(std::move(options)),
        sizes_(sizes),
        weights_(trainable(sizes, options_.seed)),
        optimizer_(weights_, &Model::rate_factor) {}

  /// Takes these tensors in place of random ones.
  void start_from(const TensorMap& tensors) {
    for (const auto& [name, value] : tensors) weights_.at(name).detach().copy_(value);
  }

  /// Continues from the folder's checkpoint when there is one.
  void resume() {
    const auto path = options_.folder / "checkpoint.safetensors";
    if (!std::filesystem::exists(path)) return;
    const TensorFile file = read_safetensors(path);
    for (auto& [name, value] : weights_) value.detach().copy_(file.tensors.at(name));
    optimizer_.load(file.tensors);
    step_ = std::stoll(file.metadata.at("step"));
    seconds_ = std::stod(file.metadata.at("seconds"));
  }

  /// Trains to the last step, calling `report(step)` at each checkpoint.
  template <class Tokenizer, class Report>
  void run(const Tokenizer& tokenizer, Report report) {
    const BatchMaker make(tokenizer, options_.batch, sizes_.context, options_.seed);
    Prefetcher batches(make, step_, options_.steps);  // may work past `stop_at`, unused
    auto began = std::chrono::steady_clock::now();
    const std::int64_t last = options_.stop_at < 0 ? options_.steps : std::min(options_.stop_at, options_.steps);
    while (step_ < last) {
      const auto [loss, contrastive] = train_step(batches.next());
      if (++step_ % 25 == 0) {
        const auto now = std::chrono::steady_clock::now();
        const double passed = std::chrono::duration<double>(now - began).count();
        seconds_ += passed;
        began = now;
        std::cout << "step " << step_ << " of " << options_.steps << "  loss " << loss << "  contrastive "
                  << contrastive << "  " << passed / 25 << " s a step" << std::endl;
      }
      if (step_ % options_.save_every == 0 || step_ == last) {
        save();
        report(step_);
      }
    }
  }

  /// The model's tensors, heads left out.
  [[nodiscard]] TensorMap model() const {
    TensorMap result;
    for (const auto& [name, value] : weights_) {
      if (!name.starts_with("heads.")) result[name] = value.detach();
    }
    return result;
  }
  [[nodiscard]] std::int64_t step() const { return step_; }
  /// Wall time of training so far, over all continued runs.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  static TensorMap trainable(const ModelSizes& sizes, std::uint64_t seed) {
    TensorMap weights = Model::initial_weights(sizes, seed);
    weights["heads.weight"] = at::zeros({37, sizes.vision_width});
    weights["heads.bias"] = at::zeros({37});
    for (auto& [name, value] : weights) value = parameter(value);
    return weights;
  }

  std::pair<double, double> train_step(const TrainingBatch& batch) {
    const Model model(weights_, sizes_, options_.precision);
    const Tensor pooled = model.pooled_image(normalised(batch.pictures, Model::preprocess()).contiguous());
    const Tensor text = model.encode_text(batch.text.tokens, batch.text.ends);
    const Tensor contrastive = Model::loss(model.project_image(pooled), text, weights_, batch.also_true);
    const double fading = 1 - static_cast<double>(step_) / static_cast<double>(options_.steps);
    const Tensor named = attribute_loss(pooled, weights_, batch.attributes);
    const Tensor loss = contrastive + named * (options_.attributes * fading);
    loss.backward();
    optimizer_.step(learning_rate(options_, step_), step_ + 1);
    weights_.at("logit_scale").detach().clamp_(0, std::log(100.0));
    return {loss.item<double>(), contrastive.item<double>()};
  }

  void save() const {
    TensorMap state;
    for (const auto& [name, value] : weights_) state[name] = value.detach();
    optimizer_.save(state);
    write_safetensors(options_.folder / "checkpoint.safetensors", state,
                      {{"step", std::to_string(step_)}, {"seconds", std::to_string(seconds_)}});
  }

  PreTrainingOptions options_;
  ModelSizes sizes_;
  TensorMap weights_;
  AdamW optimizer_;
  std::int64_t step_ = 0;
  double seconds_ = 0;
};

}  // namespace mao::embedded
