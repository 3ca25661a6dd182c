// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DePT's second head: a transform of each channel and a linear classifier, on features before they are normalised.

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
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
                            const std::vector<std::int64_t>& targets, const std::vector<float>& weights) const {
    const Tensor scores = logits(at::cat({text_(text), image_(image)}), rows);
    const Tensor columns = at::tensor(targets).repeat(2).to(scores.device());
    if (weights.empty()) return at::cross_entropy_loss(scores, columns);
    const Tensor weight = at::tensor(weights).repeat(2).to(scores.device());
    return (at::cross_entropy_loss(scores, columns, {}, /*reduction: none*/ 0) * weight).sum() / weight.sum();
  }

  /// In the order of the reference; `rate` is `Parameter::rate`.
  [[nodiscard]] ParameterList parameters(double rate) const {
    return {{"film_lp_img.scale", image_.scale, rate},          {"film_lp_img.bias", image_.bias, rate},
            {"film_lp_text.scale", text_.scale, rate},          {"film_lp_text.bias", text_.bias, rate},
            {"linear_probe_proj.weight", head_.weight(), rate}, {"linear_probe_proj.bias", head_.bias(), rate}};
  }

 private:
  /// FiLM: each channel by itself.
  struct Film {
    OwnTensor scale, bias;  // [D]

    explicit Film(std::int64_t width) : scale(parameter(at::ones({width}))), bias(parameter(at::zeros({width}))) {}
    Tensor operator()(const Tensor& x) const { return x * scale + bias; }
  };

  [[nodiscard]] Tensor logits(const Tensor& features, const std::vector<std::int64_t>& rows) const {
    const Tensor index = at::tensor(rows).to(features.device());
    return at::linear(features, head_.weight().index_select(0, index), head_.bias().index_select(0, index));
  }

  Film image_, text_;
  Linear head_;
};

}  // namespace mao
