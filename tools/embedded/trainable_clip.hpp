// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small CLIP whose every tensor trains: OpenAI's layout and names, a dense forward pass, bf16 where it pays.

#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/full.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>

namespace mao::embedded {

/// The sizes of the embedded model; heads are width / 64.
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
};

namespace detail {

inline void add_blocks(TensorMap& weights, const std::string& prefix, std::int64_t width, std::int64_t layers,
                       const auto& normal) {
  const double out_std = 1 / std::sqrt(static_cast<double>(width) * 2 * static_cast<double>(layers));
  const double in_std = 1 / std::sqrt(static_cast<double>(width));
  const double fc_std = 1 / std::sqrt(2 * static_cast<double>(width));
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string at = prefix + std::to_string(i) + ".";
    weights[at + "attn.in_proj_weight"] = normal({3 * width, width}, in_std);
    weights[at + "attn.in_proj_bias"] = at::zeros({3 * width});
    weights[at + "attn.out_proj.weight"] = normal({width, width}, out_std);
    weights[at + "attn.out_proj.bias"] = at::zeros({width});
    weights[at + "mlp.c_fc.weight"] = normal({4 * width, width}, fc_std);
    weights[at + "mlp.c_fc.bias"] = at::zeros({4 * width});
    weights[at + "mlp.c_proj.weight"] = normal({width, 4 * width}, out_std);
    weights[at + "mlp.c_proj.bias"] = at::zeros({width});
    for (const char* norm : {"ln_1", "ln_2"}) {
      weights[at + norm + ".weight"] = at::ones({width});
      weights[at + norm + ".bias"] = at::zeros({width});
    }
  }
}

}  // namespace detail

/// CLIP's initialisation (Radford et al. 2021, as in OpenAI's code), from one seed.
inline TensorMap initial_weights(const ModelSizes& sizes, std::uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto normal = [&](at::IntArrayRef shape, double std) {
    return at::randn(shape, generator, at::TensorOptions(at::kFloat)).mul_(std);
  };
  TensorMap weights;
  const double vision_std = 1 / std::sqrt(static_cast<double>(sizes.vision_width));
  const std::int64_t patches = (sizes.image_side / sizes.patch) * (sizes.image_side / sizes.patch);
  const double patch_std = 1 / std::sqrt(static_cast<double>(3 * sizes.patch * sizes.patch));
  weights["visual.conv1.weight"] = normal({sizes.vision_width, 3, sizes.patch, sizes.patch}, patch_std);
  weights["visual.class_embedding"] = normal({sizes.vision_width}, vision_std);
  weights["visual.positional_embedding"] = normal({patches + 1, sizes.vision_width}, vision_std);
  weights["visual.proj"] = normal({sizes.vision_width, sizes.embed}, vision_std);
  detail::add_blocks(weights, "visual.transformer.resblocks.", sizes.vision_width, sizes.vision_layers, normal);
  weights["token_embedding.weight"] = normal({sizes.vocabulary, sizes.text_width}, 0.02);
  weights["positional_embedding"] = normal({sizes.context, sizes.text_width}, 0.01);
  weights["text_projection"] =
      normal({sizes.text_width, sizes.embed}, 1 / std::sqrt(static_cast<double>(sizes.text_width)));
  detail::add_blocks(weights, "transformer.resblocks.", sizes.text_width, sizes.text_layers, normal);
  for (const char* norm : {"visual.ln_pre", "visual.ln_post"}) {
    weights[std::string(norm) + ".weight"] = at::ones({sizes.vision_width});
    weights[std::string(norm) + ".bias"] = at::zeros({sizes.vision_width});
  }
  weights["ln_final.weight"] = at::ones({sizes.text_width});
  weights["ln_final.bias"] = at::zeros({sizes.text_width});
  weights["logit_scale"] = at::scalar_tensor(std::log(1 / 0.07));
  return weights;
}

/// The forward pass over a map of weights.
///
/// `precision` is that of the blocks; weights, embeddings and the loss stay fp32. Attention is explicit: the fused
/// kernel's backward pass in bf16 is many times slower on a CPU.
class TrainableClip {
 public:
  TrainableClip(const TensorMap& weights, ModelSizes sizes, at::ScalarType precision)
      : weights_(weights), sizes_(sizes), precision_(precision) {}

  /// **Shapes** pixels [B, 3, R, R] normalised -> the pooled token after the last norm, [B, vision_width].
  [[nodiscard]] Tensor pooled_image(const Tensor& pixels) const {
    const std::int64_t batch = pixels.size(0);
    const std::int64_t grid = sizes_.image_side / sizes_.patch;
    const Tensor patches = pixels.reshape({batch, 3, grid, sizes_.patch, grid, sizes_.patch})
                               .permute({0, 2, 4, 1, 3, 5})
                               .reshape({batch, grid * grid, 3 * sizes_.patch * sizes_.patch});
    const Tensor kernel = get("visual.conv1.weight").reshape({sizes_.vision_width, -1});
    const Tensor embedded = at::linear(low(patches), low(kernel));
    const Tensor first = get("visual.class_embedding").expand({batch, 1, -1});
    Tensor x = at::cat({low(first), embedded}, 1) + low(get("visual.positional_embedding"));
    x = norm(x, "visual.ln_pre");
    for (std::int64_t i = 0; i < sizes_.vision_layers; ++i) {
      x = block(x, "visual.transformer.resblocks." + std::to_string(i) + ".", {});
    }
    return norm(x.select(1, 0).to(at::kFloat), "visual.ln_post");
  }

  /// **Shapes** [B, 3, R, R] -> [B, embed], not normalised.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const { return project_image(pooled_image(pixels)); }

  /// The image's embedding from its pooled token.
  [[nodiscard]] Tensor project_image(const Tensor& pooled) const { return at::matmul(pooled, get("visual.proj")); }

  /// **Shapes** tokens [B, L] with L <= context, ends [B] (position of the end token) -> [B, embed], not normalised.
  [[nodiscard]] Tensor encode_text(const Tensor& tokens, const Tensor& ends) const {
    const std::int64_t length = tokens.size(1);
    const Tensor embedded = at::embedding(get("token_embedding.weight"), tokens);
    Tensor x = low(embedded + get("positional_embedding").narrow(0, 0, length));
    const Tensor mask = at::full({length, length}, -1e9).triu(1).to(precision_);
    for (std::int64_t i = 0; i < sizes_.text_layers; ++i) {
      x = block(x, "transformer.resblocks." + std::to_string(i) + ".", mask);
    }
    const Tensor index = ends.reshape({-1, 1, 1}).expand({-1, 1, x.size(2)});
    return at::matmul(norm(x.gather(1, index).squeeze(1).to(at::kFloat), "ln_final"), get("text_projection"));
  }

 private:
  [[nodiscard]] const Tensor& get(const std::string& name) const { return weights_.at(name); }
  [[nodiscard]] Tensor low(const Tensor& x) const { return x.to(precision_); }

  /// `x` times a layer's weight and plus its bias, both of them first multiplied by `factor`.
  [[nodiscard]] Tensor linear(const Tensor& x, const std::string& layer, double factor = 1) const {
    const Tensor& weight = get(layer + "weight");
    const Tensor& bias = get(layer + "bias");
    if (factor == 1) return at::linear(x, low(weight), low(bias));
    return at::linear(x, low(weight * factor), low(bias * factor));
  }

  [[nodiscard]] Tensor norm(const Tensor& x, const std::string& name) const {
    return at::layer_norm(x, {x.size(-1)}, get(name + ".weight"), get(name + ".bias"));
  }

  [[nodiscard]] Tensor attention(const Tensor& x, const std::string& at, const Tensor& mask) const {
    const std::int64_t batch = x.size(0), length = x.size(1), width = x.size(2), heads = width / 64;
    const auto parts = linear(x, at + "attn.in_proj_")
                           .reshape({batch, length, 3, heads, 64})
                           .permute({2, 0, 3, 1, 4})
                           .unbind(0);                                         // queries, keys, values
    Tensor scores = at::matmul(parts[0], parts[1].transpose(-1, -2)) * 0.125;  // 1 / sqrt(64)
    if (mask.defined()) scores = scores + mask;
    const Tensor mixed = at::matmul(at::softmax(scores, -1), parts[2]);
    return linear(mixed.transpose(1, 2).reshape({batch, length, width}), at + "attn.out_proj.");
  }

  [[nodiscard]] Tensor block(const Tensor& x, const std::string& at, const Tensor& mask) const {
    const Tensor middle = x + attention(norm(x, at + "ln_1"), at, mask);
    // QuickGELU is x sigmoid(1.702 x) = silu(1.702 x) / 1.702; the factors go into the small tensors.
    const Tensor hidden = at::silu(linear(norm(middle, at + "ln_2"), at + "mlp.c_fc.", 1.702));
    return middle + at::linear(hidden, low(get(at + "mlp.c_proj.weight") / 1.702), low(get(at + "mlp.c_proj.bias")));
  }

  const TensorMap& weights_;
  ModelSizes sizes_;
  at::ScalarType precision_;
};

}  // namespace mao::embedded
