// SPDX-License-Identifier: Apache-2.0
#pragma once
// A model of CLIP's sizes that computes nothing: enough to construct any method and count what it trains.

#include <ATen/ops/ones.h>

#include <string>
#include <vector>

#include <mao/models/concepts.hpp>

namespace mao_test {

/// ViT-B/16 unless told otherwise. Features are the same for every text and image.
struct ShapeModel {
  mao::TowerSizes sizes{.text_width = 512, .text_layers = 12, .vision_width = 768, .vision_layers = 12};
  std::int64_t embed_width = 512;

  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const {
    std::vector<std::int64_t> ids;
    bool in_word = false;
    for (const char c : text) {
      const auto code = static_cast<unsigned char>(c);
      const bool ends = c == ' ' || c == '.';
      if (!ends && in_word) {
        ids.back() = ids.back() * 31 % 1'000'003 + code;
      } else if (c != ' ') {
        ids.push_back(code);
      }
      in_word = !ends;
    }
    return ids;
  }
  [[nodiscard]] std::int64_t start_token() const { return 1; }
  [[nodiscard]] std::int64_t end_token() const { return 2; }
  [[nodiscard]] std::int64_t context_length() const { return 77; }
  [[nodiscard]] mao::Tensor embed(const mao::Tensor& ids) const {
    auto shape = ids.sizes().vec();
    shape.push_back(sizes.text_width);
    return at::ones(shape);
  }
  [[nodiscard]] mao::Tensor encode_text(const mao::TextBatch& batch, const mao::BlockPrompts& = {}) const {
    return at::ones({batch.rows(), embed_width});
  }
  [[nodiscard]] mao::Tensor encode_image(const mao::Tensor& pixels, const mao::ImagePrompts& = {}) const {
    return at::ones({pixels.size(0), embed_width});
  }
  [[nodiscard]] mao::TowerSizes towers() const { return sizes; }
  [[nodiscard]] double logit_scale() const { return 100; }
  [[nodiscard]] mao::Preprocess preprocess() const { return {}; }
  [[nodiscard]] std::string fingerprint() const { return "shapes alone"; }
};

static_assert(mao::PromptedTowers<ShapeModel>);

}  // namespace mao_test
