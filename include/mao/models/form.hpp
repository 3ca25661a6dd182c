// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What decides the function of a CLIP and does not show in the shapes of its tensors: heads, activation, epsilon,
/// mask, pooling.

#include <cstdint>
#include <string>
#include <string_view>

namespace mao {

/// Which GELU the weights were trained with. The wrong one gives other features without an error.
enum class Activation {
  QuickGelu,  ///< x * sigmoid(1.702 x): all of OpenAI's models, open_clip models named -quickgelu
  Gelu,       ///< the exact one: all other open_clip models
  GeluTanh,   ///< the approximation by tanh
};

std::string_view name_of(Activation activation);

/// Attention heads that a caller states.
struct ClipHeads {
  std::int64_t vision = 0;
  std::int64_t text = 0;
};

/// Of one tower. The defaults are OpenAI's.
struct TowerForm {
  std::int64_t heads = 0;  ///< 0: as many as make heads of 64 channels
  Activation activation = Activation::QuickGelu;
  double epsilon = 1e-5;  ///< of every layer norm

  /// The number of heads of a tower of that width. **Throws** `OptionError` when they do not divide it.
  [[nodiscard]] std::int64_t heads_in(std::int64_t width) const;

  friend bool operator==(const TowerForm&, const TowerForm&) = default;
};

/// What of the last block becomes the image feature.
enum class ImagePooling {
  ClassToken,
  Patches,    ///< the mean of the patches, prompts not among them
  Attention,  ///< a learned query, the probe, attends to the patches, prompts not among them; then an MLP (SigLIP)
};

/// Which token of the last block becomes the text feature.
enum class TextPooling { End, First, Last };  ///< the end-of-text token; the first; the last of the padded row

/// Of both towers. The defaults are OpenAI's.
struct ClipForm {
  TowerForm vision{};
  TowerForm text{};
  ImagePooling image_pooling = ImagePooling::ClassToken;
  bool norm_after_pooling = false;  ///< the last layer norm of the image tower sees the mean, not each patch
  bool causal = true;               ///< a text token sees only what stands before it; else all of the padded row
  TextPooling text_pooling = TextPooling::End;

  bool class_token = true;        ///< a learned token stands before the patches
  bool patch_bias = false;        ///< the convolution that makes patches adds a bias
  bool image_projection = true;   ///< false: the image tower's width is that of the features
  bool text_start = true;         ///< every row of text begins with a start token
  std::int64_t text_padding = 0;  ///< the token behind the end of a padded row, where a tower wants such rows

  bool ln_pre = true;           ///< there is a layer norm before the first block of the image tower
  bool text_projection = true;  ///< false: the text tower's width is that of the features
  bool text_bias = false;       ///< the text projection adds a bias
  bool vision_scale = false;    ///< blocks multiply what they add to the residual stream (layer scale)
  bool text_scale = false;

  /// Whether rows need no padding and may share prefixes: nothing behind the token that is read out can matter.
  [[nodiscard]] bool packs_text() const { return causal && text_pooling == TextPooling::End; }

  friend bool operator==(const ClipForm&, const ClipForm&) = default;
};

/// How many heads an image tower of that width has in every CLIP that OpenAI or open_clip published; 0 for other
/// widths. A ResNet's width here is the number of channels that its attention pooling reads.
///
/// **Source** open_clip 3.3.0, model_configs: `width` and `head_width`, which is 64 unless stated.
std::int64_t published_vision_heads(std::int64_t width);

/// The same of a text tower: `width` and `heads`, which are of 64 channels in all.
std::int64_t published_text_heads(std::int64_t width);

namespace detail {

/// `12 heads of 64, quick_gelu, eps 1e-05`
std::string describe(const TowerForm& form, std::int64_t width);

}  // namespace detail

/// One line on the image tower, one on the text tower.
std::string describe_vision(const ClipForm& form, std::int64_t width);

std::string describe_text(const ClipForm& form, std::int64_t width);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/form.ipp>
#endif
