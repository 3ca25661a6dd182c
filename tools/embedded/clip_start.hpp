// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The image tower of a trained CLIP as the start of a SigLIP's.

#include <cstdint>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>
#include <mao/data/preprocess.hpp>

namespace mao::embedded {

/// Patches, positions and blocks. A SigLIP's pixels have another mean and deviation, which the kernel takes up exactly,
/// and no layer norm before the blocks: its shift and gain are taken up, and its division is by one number, the mean
/// over the patches of `pictures`, [N, 3, R, R] as the CLIP takes them.
inline TensorMap image_start(const TensorMap& clip, const Tensor& pictures) {
  const at::NoGradGuard no_grad;
  const auto centred = [](const Tensor& x, std::int64_t channels) { return x - x.mean(channels, true); };
  const Tensor kernel = centred(clip.at("visual.conv1.weight"), 0);
  const Tensor all = clip.at("visual.positional_embedding");
  const Tensor positions = centred(all.narrow(0, 1, all.size(0) - 1), 1);
  const Tensor patches = at::conv2d(pictures, kernel, {}, kernel.size(2)).flatten(2).transpose(1, 2);
  const Tensor gain = clip.at("visual.ln_pre.weight") / (patches + positions).square().mean(-1).sqrt().mean();
  const Preprocess pixels;
  const Tensor mean = at::tensor(at::ArrayRef<float>(pixels.mean));
  const Tensor deviation = at::tensor(at::ArrayRef<float>(pixels.deviation));
  TensorMap start;
  start["visual.conv1.weight"] = kernel * gain.view({-1, 1, 1, 1}) * (0.5 / deviation).view({-1, 1, 1});
  const Tensor grey = (kernel.sum({2, 3}) * ((0.5 - mean) / deviation)).sum(1);
  start["visual.conv1.bias"] = grey * gain + clip.at("visual.ln_pre.bias");
  start["visual.positional_embedding"] = positions * gain;
  for (const auto& [name, value] : clip) {
    if (name.starts_with("visual.transformer.") || name.starts_with("visual.ln_post.")) start[name] = value;
  }
  return start;
}

}  // namespace mao::embedded
