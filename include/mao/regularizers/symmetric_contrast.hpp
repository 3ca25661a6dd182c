// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DPC's loss: images and texts of a batch find each other (Li et al., arXiv 2503.13443).

#include <mao/regularizers/alterable.hpp>

namespace mao {

/// The mean of two cross entropies over Z, the logits of the images for the texts of their labels: each image must
/// match its text, and each text its image.
///
/// **Shapes** Z [B', B'], one column per image: two images of a class compete with each other, as in the released code.
/// Images with weight 0 are left out in both directions. Candidates are the classes of the batch, each once.
struct SymmetricContrast {
  [[nodiscard]] static std::string describe() { return "SymmetricContrast"; }
  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const {
    return AlterableRegularizer().candidates(batch, classes);
  }

  /// Each text must match its image among those of the batch.
  [[nodiscard]] static bool needs_whole_batch() { return true; }

  Tensor operator()(const Output& output, const Batch& batch) const;
};

static_assert(Regularizer<SymmetricContrast>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/regularizers/impl/symmetric_contrast.ipp>
#endif
