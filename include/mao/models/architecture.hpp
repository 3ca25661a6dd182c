// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The architecture of a CLIP checkpoint, from the names and shapes of its tensors. No tensor may be missing, have a
/// wrong shape, or be unused.

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
  std::int64_t resolution = 0;    ///< R, pixels per side
  std::int64_t patch = 0;         ///< pixels per side; for a ResNet, of a cell of its last stage: 32
  std::int64_t vision_width = 0;  ///< for a ResNet, that of the stem: 64 for RN50
  std::int64_t vision_layers = 0;
  std::int64_t vision_mlp = 0;  ///< hidden width of the MLPs
  std::int64_t pool_mlp = 0;    ///< the same of an attention pooling; 0 without one
  std::int64_t context = 0;     ///< tokens of the longest row
  std::int64_t vocabulary = 0;
  std::int64_t text_width = 0;
  std::int64_t text_layers = 0;
  std::int64_t text_mlp = 0;
  std::array<std::int64_t, 4> resnet_blocks{};  ///< blocks per stage of a ResNet image tower; zeros for a ViT
  std::int64_t text_positions = 0;              ///< of a BERT's text tower, at least `context`; 0 for others
  std::int64_t text_types = 0;                  ///< token types of a BERT's text tower, which uses the first

  [[nodiscard]] bool is_resnet() const { return resnet_blocks.front() > 0; }
  /// The channels that the heads of the image tower divide: the width, or the channels of a ResNet's attention pooling.
  [[nodiscard]] std::int64_t vision_channels() const { return is_resnet() ? 32 * vision_width : vision_width; }

  friend bool operator==(const ClipArchitecture&, const ClipArchitecture&) = default;
};

namespace detail {

/// The number of different numbers that follow `prefix` in the names.
std::int64_t count_blocks(const TensorMap& weights, std::string_view prefix);

/// Names and required shapes of tensors.
using ShapeTable = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

/// Every tensor of both towers except the logit scale, which has shape [] in some files and [1] in others.
ShapeTable expected_shapes(const ClipArchitecture& sizes, const ClipForm& form);

/// Tensors in CLIP checkpoints that do not affect features: masks and counters that follow from the sizes, and a bias
/// that is the same for every pair of image and text.
bool is_bystander(std::string_view name);

/// **Throws** `FormatError` for tensors of models that mao does not have, or of a BERT where the form has none.
void refuse_other_models(const TensorMap& weights, const std::string& source, const ClipForm& form = {});

/// **Throws** `FormatError` if there is no such tensor.
const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source);

/// The same with a number of dimensions. **Throws** `FormatError` if the tensor has another number.
const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source,
                        std::int64_t dimensions);

/// The side of a square with that many cells. **Throws** `FormatError` naming the tensor if this is not a whole number.
std::int64_t grid_side(std::int64_t cells, const std::string& name, const std::string& source);

}  // namespace detail

/// One line about the image tower. For a ResNet, only the heads of its attention pooling are taken from the form.
std::string describe_vision(const ClipForm& form, const ClipArchitecture& sizes);

/// Reads the sizes from the tensors (with OpenAI's names) and checks that every tensor of both towers exists and has
/// the right shape, and that there are no others.
///
/// **Throws** `FormatError` naming a tensor that is missing, has a wrong shape, or does not belong to the network.
ClipArchitecture infer_architecture(const TensorMap& weights, const std::string& source, const ClipForm& form = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/architecture.ipp>
#endif
