// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensors of a text tower that is a BERT of transformers behind open_clip's adapter: their names and shapes.
///
/// **Source** open_clip 3.3.0, HFTextEncoder; transformers 5.24, BertModel.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

struct ClipArchitecture;
struct ClipForm;

}  // namespace mao

namespace mao::detail {

/// As in models/architecture.hpp, whose bodies need the functions below.
using ShapeTable = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

/// Before the names that BertModel gives its tensors.
inline constexpr const char* bert_prefix = "transformer.";

/// Takes the projection behind the encoder, `text.proj.`, to `result`: `text_projection`, transposed, and
/// `text_projection_fc.weight`, the layer before it.
void move_bert_projection(TensorMap& weights, TensorMap& result);

/// Sizes of the tower. `context` is the number of positions; a configuration says how many of them a row may take.
///
/// **Throws** `FormatError` naming a tensor that is missing or has another number of dimensions.
void read_bert_sizes(const TensorMap& weights, const std::string& source, ClipArchitecture& sizes);

/// Every tensor of the tower.
void add_bert_shapes(const ClipArchitecture& sizes, const ClipForm& form, ShapeTable& table);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/bert_tensors.ipp>
#endif
