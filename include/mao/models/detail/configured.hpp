// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a configuration file says of a CLIP, whichever library wrote it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mao/models/detail/config_section.hpp>
#include <mao/models/form.hpp>
#include <mao/text/clean.hpp>

namespace mao {

// Its header includes this one before it is complete.
struct ClipArchitecture;

/// The form of both towers, and sizes that their tensors must have.
struct ClipConfiguration {
  struct Size {
    std::string key;  ///< with its file
    std::int64_t value = 0;
    std::int64_t ClipArchitecture::*size = nullptr;
  };

  std::string where;  ///< the file
  ClipForm form{};
  std::vector<Size> sizes{};
  std::string blocks_key{};                   ///< with its file, where the image tower is said to be a ResNet
  std::vector<std::int64_t> resnet_blocks{};  ///< of its four stages
  std::optional<bool> custom_text{};          ///< open_clip's, which decides how it names the text tower's tensors
  std::optional<bool> logit_bias{};           ///< whether open_clip's model has one
  std::string pieces{};  ///< of a model of SentencePiece tokens: what its library does to texts before, `canonicalize`
  std::string words{};       ///< of a BERT's text tower: what its library does to texts before WordPiece, `whitespace`
  std::int64_t context = 0;  ///< of a BERT's text tower: tokens of the longest row, which its tensors do not tell
  std::optional<TextCleaning> cleaning{};  ///< where the file says which library's tokenizer the model was trained with

  bool qkv_bias = true;        ///< of the image tower's blocks; timm leaves biases of 0 out of the file
  bool class_position = true;  ///< the class token of the image tower has a position
  bool fc_norm = false;        ///< timm's name of the last layer norm: fc_norm, not norm

  void state(const ConfigSection& section, std::string_view key, std::int64_t ClipArchitecture::*size,
             std::int64_t value);

  /// A stated side that is less than a patch longer than the grid of patches: the convolution leaves these pixels out,
  /// so no tensor tells of them.
  void add_uncovered_pixels(ClipArchitecture& found) const;

  /// The longest row of a BERT's text tower, which has more positions. **Throws** `FormatError` if it has fewer.
  void set_context(ClipArchitecture& found) const;

  /// **Throws** `FormatError` naming the key that does not fit the tensors.
  void check(const ClipArchitecture& found) const;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/configured.ipp>
#endif
