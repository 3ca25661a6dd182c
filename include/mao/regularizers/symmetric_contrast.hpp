// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DPC's loss: images and texts of a batch find each other (Li et al., arXiv 2503.13443).

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

  Tensor operator()(const Output& output, const Batch& batch) const;
};

static_assert(Regularizer<SymmetricContrast>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/regularizers/impl/symmetric_contrast.ipp>
#endif
