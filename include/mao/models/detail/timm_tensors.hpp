// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tensors of timm's image towers that CLIP's own do not have, or leave out.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

struct ClipConfiguration;

}  // namespace mao

namespace mao::detail {

/// As in models/architecture.hpp, whose bodies need the functions below.
using ShapeTable = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

/// Sides of the first two convolutions of a stem, which are also their strides, and of both together.
inline constexpr std::int64_t stem_first = 4, stem_second = 2, stem_cell = stem_first * stem_second;

/// The three convolutions of a stem for patches of that side. The first two have batch norms and a quarter of the
/// width.
void add_stem_shapes(std::int64_t width, std::int64_t patch, ShapeTable& table);

/// Adds zeros for biases and the class token's position where the configuration says that timm has none.
///
/// **Throws** `FormatError` if the file has them, or if its last layer norm stands at another place (`original` has the
/// names of the file).
void complete_timm(TensorMap& tensors, const ClipConfiguration& configuration, const TensorMap& original,
                   const std::string& source);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/timm_tensors.ipp>
#endif
