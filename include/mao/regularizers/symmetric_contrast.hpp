// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DPC's loss: images and texts of a batch find each other (Li et al., arXiv 2503.13443).

#include <numeric>
#include <vector>

#include <mao/regularizers/alterable.hpp>

namespace mao {

/// The mean of two cross entropies over Z = logits of the images against the texts of their labels: each image finds
/// its text, each text its image.
///
/// **Shapes** Z [B', B'], a column an image: two images of a class compete with each other, as in the released code.
/// Images of weight 0 are in neither direction. Candidates are the classes of the batch, each once.
struct SymmetricContrast {
  [[nodiscard]] static std::string describe() { return "SymmetricContrast"; }
  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const {
    return AlterableRegularizer().candidates(batch, classes);
  }

  /// Each text is to find its image among those of the batch.
  [[nodiscard]] static bool needs_whole_batch() { return true; }

  Tensor operator()(const Output& output, const Batch& batch) const {
    const auto columns_of_images = columns_of(batch.labels, output.candidates);
    std::vector<std::int64_t> rows, columns;
    std::vector<float> weights;
    for (std::size_t i = 0; i < columns_of_images.size(); ++i) {
      if (!batch.weights.empty() && batch.weights[i] <= 0) continue;
      rows.push_back(static_cast<std::int64_t>(i));
      columns.push_back(columns_of_images[i]);
      if (!batch.weights.empty()) weights.push_back(batch.weights[i]);
    }
    require<DataError>(!rows.empty(), "SymmetricContrast: no image of the batch has a weight above 0");
    const auto device = output.logits.device();
    const Tensor pairs =
        output.logits.index_select(0, at::tensor(rows).to(device)).index_select(1, at::tensor(columns).to(device));
    std::vector<std::int64_t> diagonal(rows.size());
    std::iota(diagonal.begin(), diagonal.end(), std::int64_t{0});
    return (weighted_cross_entropy(pairs, diagonal, weights) + weighted_cross_entropy(pairs.t(), diagonal, weights)) /
           2;
  }
};

static_assert(Regularizer<SymmetricContrast>);

}  // namespace mao
