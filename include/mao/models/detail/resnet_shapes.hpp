// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensors of CLIP's ResNet image towers: what they say, and which there must be.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

struct ClipArchitecture;

}  // namespace mao

namespace mao::detail {

/// As in models/architecture.hpp, whose bodies need the functions below.
using ShapeTable = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

/// Whether the image tower of these weights (OpenAI's names) is a ResNet.
bool has_resnet(const TensorMap& weights);

/// Sets what the tensors of the image tower say, the joint embedding included.
///
/// **Throws** `FormatError` naming the tensor that is missing or has other dimensions.
void read_resnet_sizes(const TensorMap& weights, const std::string& source, ClipArchitecture& sizes);

/// Adds every tensor of the image tower.
void add_resnet_shapes(const ClipArchitecture& sizes, ShapeTable& table);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/resnet_shapes.ipp>
#endif
