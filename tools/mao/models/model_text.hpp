// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a model is made of, for people. (`describe(Preprocess)` is for files and comparisons.)

#include <string>

#include <mao/core/error.hpp>
#include <mao/data/preprocess.hpp>

namespace mao_program {

/// `gelu (as clip/config.json says)` for `gelu, as clip/config.json says`.
inline std::string with_reason(const std::string& fact) {
  const std::size_t comma = fact.find(", ");
  return comma == std::string::npos ? fact : fact.substr(0, comma) + " (" + fact.substr(comma + 2) + ")";
}

/// `short side resized to 224 px (bicubic), the 224 x 224 px at the centre cut out; mean 0.48 ..., std 0.27 ...`
inline std::string pixels_text(const mao::Preprocess& preprocess) {
  using mao::text_of;
  const int side = preprocess.short_side(), resolution = preprocess.resolution;
  const std::string filter = text_of(" (", mao::name_of(preprocess.filter), ")");
  const bool squash = preprocess.mode == mao::ResizeMode::squash, longest = preprocess.mode == mao::ResizeMode::longest;
  std::string text = squash ? text_of("resized to ", side, " x ", side, " px", filter)
                            : text_of(longest ? "long" : "short", " side resized to ", side, " px", filter);
  if (longest || preprocess.fill != 0) text += text_of(", the rest of the square filled with ", preprocess.fill);
  if (preprocess.mode == mao::ResizeMode::shortest || side != resolution) {
    text += text_of(", the ", resolution, " x ", resolution, " px at the centre cut out");
  }
  if (preprocess.crop_rounds_down) text += " (half pixels rounded down)";
  if (preprocess.transparency != mao::Transparency::drop) {
    text += text_of(", transparency ", mao::name_of(preprocess.transparency));
  }
  const std::string all = mao::describe(preprocess);
  return text + all.substr(all.find("; mean "));
}

}  // namespace mao_program
