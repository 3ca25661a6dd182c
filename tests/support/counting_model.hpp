// SPDX-License-Identifier: Apache-2.0
#pragma once
// A toy CLIP that counts what goes through its towers.
#include <memory>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

namespace mao_test {

/// Images count by the tower that sees them: the frozen one, or the one with prompts. Texts count by rows.
struct CountingModel : mao::testing::ToyModel {
  using ToyModel::ToyModel;

  [[nodiscard]] mao::Tensor encode_text(const mao::TextBatch& batch, const mao::BlockPrompts& prompts = {}) const {
    texts += batch.rows();
    return ToyModel::encode_text(batch, prompts);
  }
  [[nodiscard]] mao::Tensor encode_image(const mao::Tensor& pixels, const mao::ImagePrompts& prompts = {}) const {
    const bool prompted = prompts.tokens.defined() || !prompts.deep.empty();
    (prompted ? prompted_images : frozen_images) += pixels.size(0);
    return ToyModel::encode_image(pixels, prompts);
  }
  void reset() const { texts = frozen_images = prompted_images = 0; }

  mutable std::int64_t texts = 0, frozen_images = 0, prompted_images = 0;
};

}  // namespace mao_test
