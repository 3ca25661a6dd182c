// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a CLIP checkpoint says about itself through the names and shapes of its tensors. Each must be there, fit, and
/// be of use.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/models/form.hpp>

namespace mao {

/// The sizes of a CLIP model.
struct ClipArchitecture {
  std::int64_t embed = 0;         ///< D, the joint embedding
  std::int64_t resolution = 0;    ///< R, pixels a side
  std::int64_t patch = 0;         ///< of a ResNet: pixels a side of a cell of its last stage, 32
  std::int64_t vision_width = 0;  ///< of a ResNet: that of the stem, 64 for RN50
  std::int64_t vision_layers = 0;
  std::int64_t vision_mlp = 0;  ///< hidden width of the MLPs
  std::int64_t context = 0;     ///< longest token row
  std::int64_t vocabulary = 0;
  std::int64_t text_width = 0;
  std::int64_t text_layers = 0;
  std::int64_t text_mlp = 0;
  std::array<std::int64_t, 4> resnet_blocks{};  ///< of the stages of a ResNet image tower; zeros for a ViT

  [[nodiscard]] bool is_resnet() const { return resnet_blocks.front() > 0; }
  /// What the heads of the image tower share: the width, or the channels that a ResNet pools by attention.
  [[nodiscard]] std::int64_t vision_channels() const { return is_resnet() ? 32 * vision_width : vision_width; }

  friend bool operator==(const ClipArchitecture&, const ClipArchitecture&) = default;
};

namespace detail {

/// How many different numbers follow `prefix` in the names.
std::int64_t count_blocks(const TensorMap& weights, std::string_view prefix);

/// Names of tensors and the shapes that they must have.
using ShapeTable = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

/// Every tensor of both towers but the logit scale, which some files keep as [] and some as [1].
ShapeTable expected_shapes(const ClipArchitecture& sizes, const ClipForm& form);

/// Tensors that checkpoints of CLIP carry and no feature depends on: masks and counters that follow from the sizes, and
/// a bias that is the same for every pair of image and text.
bool is_bystander(std::string_view name);

/// **Throws** `FormatError` for those.
void refuse_other_models(const TensorMap& weights, const std::string& source);

/// **Throws** `FormatError` when there is no such tensor.
const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source);

/// The same of so many dimensions. **Throws** `FormatError` for another number.
const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source,
                        std::int64_t dimensions);

/// The side of a square of that many cells. **Throws** `FormatError` naming the tensor whose rows are no such number.
std::int64_t grid_side(std::int64_t cells, const std::string& name, const std::string& source);

}  // namespace detail

/// One line on the image tower. Of a ResNet the form says only the heads of its attention pooling.
std::string describe_vision(const ClipForm& form, const ClipArchitecture& sizes);

/// Reads the sizes off the tensors (OpenAI's names) and checks that every tensor of both towers is there and fits, and
/// that there is no other.
///
/// **Throws** `FormatError` naming the tensor that is missing, does not fit, or is no part of such a network.
ClipArchitecture infer_architecture(const TensorMap& weights, const std::string& source, const ClipForm& form = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/architecture.ipp>
#endif
