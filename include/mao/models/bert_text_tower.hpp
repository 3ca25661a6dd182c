// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A BERT encoder as the text tower of a CLIP (BiomedCLIP's).

#include <cstdint>

#include <mao/core/precision.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/text_batch.hpp>
#include <mao/text/detail/bert_encoder.hpp>

namespace mao {

/// Encodes token embeddings to text features, which are not normalised: the hidden state of the first token of each
/// row, projected.
///
/// Positions and the first token type are added to the embeddings, a layer norm follows, and each layer is normalised
/// after its additions. Every token of a row sees all others of the row, so nothing is computed once for rows with a
/// common prefix. The peer pads rows and masks the padding; here rows are packed, which gives the same values.
///
/// **Source** open_clip 3.3.0, HFTextEncoder with `cls_last_hidden_state_pooler`; transformers 5.24, BertModel.
class BertTextTower {
 public:
  /// From the tensors of a checkpoint whose form has `text_bert`. `precision` is that of the products in the layers.
  BertTextTower(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form,
                Precision precision = Precision::Fp32);

  [[nodiscard]] std::int64_t width() const { return encoder_.width(); }
  [[nodiscard]] std::int64_t context_length() const { return context_; }

  /// Word embeddings, without positions. **Shapes** ids [...] -> [..., W].
  [[nodiscard]] Tensor embed(const Tensor& ids) const;

  /// Differentiable in both parts of the batch. **Shape** [R, D].
  ///
  /// **Throws** `ShapeError` for a row of more tokens than the context.
  [[nodiscard]] Tensor encode(const TextBatch& batch) const;

 private:
  detail::BertEncoder encoder_;
  std::int64_t context_;
  Tensor hidden_;      // [H, W]; undefined without a layer before the projection
  Tensor projection_;  // [H or W, D]; undefined where features are as wide as the tower
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/bert_text_tower.ipp>
#endif
