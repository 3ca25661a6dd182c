// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The settings that determine the function of a CLIP but not the shapes of its tensors: heads, activation, epsilon,
/// mask, pooling.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mao {

/// The GELU that the weights were trained with. The wrong one gives wrong features without an error.
enum class Activation {
  QuickGelu,  ///< x * sigmoid(1.702 x): OpenAI's models, open_clip models named -quickgelu
  Gelu,       ///< the exact one: all other open_clip models
  GeluTanh,   ///< the approximation by tanh
};

std::string_view name_of(Activation activation);

/// Numbers of attention heads given by the caller.
struct ClipHeads {
  std::int64_t vision = 0;
  std::int64_t text = 0;
};

/// The form of one tower. The defaults are OpenAI's.
struct TowerForm {
  std::int64_t heads = 0;  ///< 0: heads of 64 channels
  Activation activation = Activation::QuickGelu;
  double epsilon = 1e-5;  ///< of every layer norm

  /// The number of heads of a tower of that width. **Throws** `OptionError` if they do not divide the width.
  [[nodiscard]] std::int64_t heads_in(std::int64_t width) const;

  friend bool operator==(const TowerForm&, const TowerForm&) = default;
};

/// The output of the last block that becomes the image feature.
enum class ImagePooling {
  ClassToken,
  Patches,  ///< the mean of the patches, without prompts
  /// A learned query, the probe, attends to the patches and the class token, if there is one, without prompts; then an
  /// MLP (SigLIP, PE).
  Attention,
};

/// The token of the last block that becomes the text feature.
enum class TextPooling { End, First, Last };  ///< the end-of-text token; the first; the last of the padded row

/// The form of both towers. The defaults are OpenAI's.
struct ClipForm {
  TowerForm vision{};
  TowerForm text{};
  ImagePooling image_pooling = ImagePooling::ClassToken;
  bool norm_after_pooling = false;  ///< the last layer norm of the image tower sees the mean, not each patch
  bool causal = true;               ///< a text token sees only earlier tokens; otherwise the whole padded row
  TextPooling text_pooling = TextPooling::End;

  bool class_token = true;               ///< a learned token before the patches
  bool patch_bias = false;               ///< the convolution that makes patches has a bias
  bool image_projection = true;          ///< false: the image tower has the width of the features
  bool image_bias = false;               ///< the image projection has a bias
  bool image_mlp = false;                ///< a layer with a GELU (the exact one) comes before the image projection
  bool conv_stem = false;                ///< the patches are made by three convolutions (MobileCLIP-B)
  std::int64_t pool_heads = 0;           ///< of an attention pooling; 0: as many as the blocks have
  std::optional<std::int64_t> rotary{};  ///< rotary positions of the patches; the number of the first row (PE)
  bool text_start = true;                ///< every row of text begins with a start token
  std::int64_t text_padding = 0;         ///< the token after the end of a padded row, for towers with such rows

  bool ln_pre = true;           ///< a layer norm before the first block of the image tower
  bool text_bert = false;       ///< the text tower is a BERT (BiomedCLIP): normalised after additions, padding masked
  bool text_projection = true;  ///< false: the text tower has the width of the features
  bool text_mlp = false;        ///< a layer with a GELU (the exact one) comes before the text projection
  bool text_bias = false;       ///< the text projection has a bias
  bool vision_scale = false;    ///< layer scale: blocks scale what they add to the residual stream
  bool text_scale = false;

  /// True if rows need no padding and may share prefixes, because tokens after the one that is read out have no effect.
  [[nodiscard]] bool packs_text() const { return causal && text_pooling == TextPooling::End; }

  friend bool operator==(const ClipForm&, const ClipForm&) = default;
};

/// The number of heads of an image tower of that width in all CLIPs that OpenAI and open_clip published; 0 for other
/// widths. For a ResNet, pass the number of channels of its attention pooling.
///
/// **Source** open_clip 3.3.0, model_configs: `width` and `head_width`, which is 64 unless stated.
std::int64_t published_vision_heads(std::int64_t width);

/// The same for a text tower: `width` and `heads`; all have 64 channels per head.
std::int64_t published_text_heads(std::int64_t width);

namespace detail {

/// `12 heads of 64, quick_gelu, eps 1e-05`
std::string describe(const TowerForm& form, std::int64_t width);

}  // namespace detail

/// One line about the image tower, one about the text tower.
std::string describe_vision(const ClipForm& form, std::int64_t width);

std::string describe_text(const ClipForm& form, std::int64_t width);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/form.ipp>
#endif
