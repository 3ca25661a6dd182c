// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DePT's second head: a transform of each channel and a linear classifier, on features before they are normalised.

#include <vector>

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

/// `head(film_image(f))` for image features, `head(film_text(t))` for text features; film(x) = x * scale + bias, which
/// starts as the identity. No normalisation, no logit scale. The rows of the head mean classes: a caller says which.
///
/// Trains `film_lp_img.{scale,bias}`, `film_lp_text.{scale,bias}` [D], `linear_probe_proj.{weight,bias}` [C, D] and
/// [C]: 4 D + (D + 1) C numbers.
class DeptHead {
 public:
  DeptHead(std::int64_t width, std::int64_t classes, const Rng& rng)
      : image_(width), text_(width), head_("linear_probe_proj", width, classes, rng) {}

  /// **Shapes** features [B, D], `rows` [H] -> [B, H].
  [[nodiscard]] Tensor image_logits(const Tensor& features, const std::vector<std::int64_t>& rows) const {
    return logits(image_(features), rows);
  }

  /// Mean cross entropy over the texts of the labels and the images: 2 B rows, each with its image's weight.
  ///
  /// **Shapes** `text` and `image` [B, D], `rows` [H], `targets` [B] columns, `weights` [B] or empty.
  [[nodiscard]] Tensor loss(const Tensor& text, const Tensor& image, const std::vector<std::int64_t>& rows,
                            const std::vector<std::int64_t>& targets, const std::vector<float>& weights) const;

  /// In the order of the reference; `rate` is `Parameter::rate`.
  [[nodiscard]] ParameterList parameters(double rate) const;

 private:
  /// FiLM: each channel by itself.
  struct Film {
    OwnTensor scale, bias;  // [D]

    explicit Film(std::int64_t width) : scale(parameter(at::ones({width}))), bias(parameter(at::zeros({width}))) {}
    Tensor operator()(const Tensor& x) const { return x * scale + bias; }
  };

  [[nodiscard]] Tensor logits(const Tensor& features, const std::vector<std::int64_t>& rows) const;

  Film image_, text_;
  Linear head_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/dept_head.ipp>
#endif
