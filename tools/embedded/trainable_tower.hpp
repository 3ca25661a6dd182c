// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the trainable models share: sizes, initial blocks, and the dense forward pass of a block, bf16 where it pays.

#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>
#include <mao/models/form.hpp>

namespace mao::embedded {

/// The sizes of an embedded model; heads are width / 64.
struct ModelSizes {
  std::int64_t image_side = 48;
  std::int64_t patch = 8;
  std::int64_t vision_width = 128;
  std::int64_t vision_layers = 4;
  std::int64_t text_width = 128;
  std::int64_t text_layers = 3;
  std::int64_t context = 32;
  std::int64_t embed = 128;
  std::int64_t vocabulary = 0;

  [[nodiscard]] std::int64_t patches() const { return (image_side / patch) * (image_side / patch); }
};

namespace detail {

/// Random tensors of one generator, as CLIP is initialised (Radford et al. 2021, as in OpenAI's code).
class InitialWeights {
 public:
  explicit InitialWeights(std::uint64_t seed) : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

  Tensor normal(at::IntArrayRef shape, double std) {
    return at::randn(shape, generator_, at::TensorOptions(at::kFloat)).mul_(std);
  }

  void add_norm(const std::string& name, std::int64_t width) {
    weights[name + ".weight"] = at::ones({width});
    weights[name + ".bias"] = at::zeros({width});
  }

  /// A block's attention and MLP; `depth` is the number of blocks.
  void add_block(const std::string& at, std::int64_t width, std::int64_t depth) {
    const double out_std = 1 / std::sqrt(static_cast<double>(width) * 2 * static_cast<double>(depth));
    const double in_std = 1 / std::sqrt(static_cast<double>(width));
    const double fc_std = 1 / std::sqrt(2 * static_cast<double>(width));
    weights[at + "attn.in_proj_weight"] = normal({3 * width, width}, in_std);
    weights[at + "attn.in_proj_bias"] = at::zeros({3 * width});
    weights[at + "attn.out_proj.weight"] = normal({width, width}, out_std);
    weights[at + "attn.out_proj.bias"] = at::zeros({width});
    weights[at + "mlp.c_fc.weight"] = normal({4 * width, width}, fc_std);
    weights[at + "mlp.c_fc.bias"] = at::zeros({4 * width});
    weights[at + "mlp.c_proj.weight"] = normal({width, 4 * width}, out_std);
    weights[at + "mlp.c_proj.bias"] = at::zeros({width});
  }

  void add_blocks(const std::string& prefix, std::int64_t width, std::int64_t layers) {
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string at = prefix + std::to_string(i) + ".";
      add_block(at, width, layers);
      for (const char* norm : {"ln_1", "ln_2"}) add_norm(at + norm, width);
    }
  }

  TensorMap weights;

 private:
  at::Generator generator_;
};

}  // namespace detail

/// The parts of a forward pass over a map of weights under OpenAI's names.
///
/// `precision` is that of the blocks; weights, embeddings and the loss stay fp32. Attention is explicit: the fused
/// kernel's backward pass in bf16 is many times slower on a CPU.
class TrainableTower {
 public:
  /// Activation and epsilon of both towers.
  struct Form {
    Activation activation = Activation::QuickGelu;
    double epsilon = 1e-5;
  };

  TrainableTower(const TensorMap& weights, const ModelSizes& sizes, at::ScalarType precision, Form form)
      : weights_(weights), sizes_(sizes), precision_(precision), form_(form) {}

 protected:
  [[nodiscard]] const Tensor& get(const std::string& name) const { return weights_.at(name); }
  [[nodiscard]] Tensor low(const Tensor& x) const { return x.to(precision_); }
  [[nodiscard]] const ModelSizes& sizes() const { return sizes_; }

  /// Pixels [B, 3, R, R] times the patches' kernel, [B, patches, vision_width].
  [[nodiscard]] Tensor patches_of(const Tensor& pixels) const {
    const std::int64_t batch = pixels.size(0), grid = sizes_.image_side / sizes_.patch;
    const Tensor patches = pixels.reshape({batch, 3, grid, sizes_.patch, grid, sizes_.patch})
                               .permute({0, 2, 4, 1, 3, 5})
                               .reshape({batch, grid * grid, 3 * sizes_.patch * sizes_.patch});
    return at::linear(low(patches), low(get("visual.conv1.weight").reshape({sizes_.vision_width, -1})));
  }

  [[nodiscard]] Tensor norm(const Tensor& x, const std::string& name) const {
    return at::layer_norm(x, {x.size(-1)}, get(name + ".weight"), get(name + ".bias"), form_.epsilon);
  }

  /// Attention of `queries` [B, Q, W] to `keys` and `values` [B, L, W], and the layer behind it.
  [[nodiscard]] Tensor attended(const Tensor& queries, const Tensor& keys, const Tensor& values, const std::string& at,
                                const Tensor& mask = {}) const {
    const auto heads = [](const Tensor& x) { return x.unflatten(-1, {-1, 64}).transpose(1, 2); };
    Tensor scores = at::matmul(heads(queries), heads(keys).transpose(-1, -2)) * 0.125;  // 1 / sqrt(64)
    if (mask.defined()) scores = scores + mask;
    const Tensor mixed = at::matmul(at::softmax(scores, -1), heads(values));
    return linear(mixed.transpose(1, 2).flatten(-2), at + "attn.out_proj.");
  }

  [[nodiscard]] Tensor feed_forward(const Tensor& x, const std::string& at) const {
    if (form_.activation != Activation::QuickGelu) {
      return linear(at::gelu(linear(x, at + "mlp.c_fc."), "tanh"), at + "mlp.c_proj.");
    }
    // QuickGELU is x sigmoid(1.702 x) = silu(1.702 x) / 1.702; the factors go into the small tensors.
    const Tensor hidden = at::silu(linear(x, at + "mlp.c_fc.", 1.702));
    return at::linear(hidden, low(get(at + "mlp.c_proj.weight") / 1.702), low(get(at + "mlp.c_proj.bias")));
  }

  [[nodiscard]] Tensor block(const Tensor& x, const std::string& at, const Tensor& mask = {}) const {
    return block_from(x, 0, at, mask);
  }

  /// What the block gives at the last position, [B, 1, W].
  [[nodiscard]] Tensor last_of_block(const Tensor& x, const std::string& at) const {
    return block_from(x, x.size(1) - 1, at, {});
  }

 private:
  /// `x` times a layer's weight and plus its bias, both of them first multiplied by `factor`.
  [[nodiscard]] Tensor linear(const Tensor& x, const std::string& layer, double factor = 1) const {
    const Tensor& weight = get(layer + "weight");
    const Tensor& bias = get(layer + "bias");
    if (factor == 1) return at::linear(x, low(weight), low(bias));
    return at::linear(x, low(weight * factor), low(bias * factor));
  }

  /// The block at position `first` and those behind it.
  [[nodiscard]] Tensor block_from(const Tensor& x, std::int64_t first, const std::string& at,
                                  const Tensor& mask) const {
    const auto behind = [&](const Tensor& rows) { return rows.narrow(1, first, rows.size(1) - first); };
    const auto parts = linear(norm(x, at + "ln_1"), at + "attn.in_proj_").chunk(3, -1);
    const Tensor middle = behind(x) + attended(behind(parts[0]), parts[1], parts[2], at, mask);
    return middle + feed_forward(norm(middle, at + "ln_2"), at);
  }

  const TensorMap& weights_;
  ModelSizes sizes_;
  at::ScalarType precision_;
  Form form_;
};

}  // namespace mao::embedded
