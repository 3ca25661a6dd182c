// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/resnet_shapes.hpp>

#include <cmath>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/models/architecture.hpp>

namespace mao::detail {

MAO_INLINE bool has_resnet(const TensorMap& weights) { return weights.contains("visual.layer1.0.conv1.weight"); }

MAO_INLINE void read_resnet_sizes(const TensorMap& weights, const std::string& source, ClipArchitecture& sizes) {
  const Tensor stem = tensor_of(weights, "visual.conv3.weight", source, 4);
  sizes.vision_width = stem.size(0);
  for (std::size_t stage = 0; stage < sizes.resnet_blocks.size(); ++stage) {
    sizes.resnet_blocks[stage] = count_blocks(weights, text_of("visual.layer", stage + 1, '.'));
    require<FormatError>(sizes.resnet_blocks[stage] > 0, source, ": there is no visual.layer", stage + 1,
                         ".0; expected the four stages of a ResNet image tower");
  }
  const std::int64_t cells = tensor_of(weights, "visual.attnpool.positional_embedding", source, 2).size(0) - 1;
  sizes.patch = 32;
  sizes.resolution = sizes.patch * grid_side(cells, "visual.attnpool.positional_embedding", source);
  sizes.embed = tensor_of(weights, "visual.attnpool.c_proj.weight", source, 2).size(0);
}

MAO_INLINE void add_convolution(const std::string& name, const std::string& norm,
                                const std::vector<std::int64_t>& shape, ShapeTable& table) {
  table.push_back({name + ".weight", shape});
  for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
    table.push_back({norm + part, {shape.front()}});
  }
}

MAO_INLINE void add_resnet_shapes(const ClipArchitecture& sizes, ShapeTable& table) {
  const std::int64_t width = sizes.vision_width, channels = sizes.vision_channels(), grid = sizes.resolution / 32;
  add_convolution("visual.conv1", "visual.bn1", {width / 2, 3, 3, 3}, table);
  add_convolution("visual.conv2", "visual.bn2", {width / 2, width / 2, 3, 3}, table);
  add_convolution("visual.conv3", "visual.bn3", {width, width / 2, 3, 3}, table);
  std::int64_t in = width;
  for (std::size_t stage = 0; stage < sizes.resnet_blocks.size(); ++stage) {
    const std::int64_t inner = width << stage, out = 4 * inner;
    for (std::int64_t i = 0; i < sizes.resnet_blocks[stage]; ++i) {
      const std::string block = text_of("visual.layer", stage + 1, '.', i, '.');
      add_convolution(block + "conv1", block + "bn1", {inner, in, 1, 1}, table);
      add_convolution(block + "conv2", block + "bn2", {inner, inner, 3, 3}, table);
      add_convolution(block + "conv3", block + "bn3", {out, inner, 1, 1}, table);
      if (i == 0) add_convolution(block + "downsample.0", block + "downsample.1", {out, in, 1, 1}, table);
      in = out;
    }
  }
  table.push_back({"visual.attnpool.positional_embedding", {grid * grid + 1, channels}});
  for (const char* part : {"q_proj", "k_proj", "v_proj", "c_proj"}) {
    const std::int64_t rows = std::string_view(part) == "c_proj" ? sizes.embed : channels;
    table.push_back({text_of("visual.attnpool.", part, ".weight"), {rows, channels}});
    table.push_back({text_of("visual.attnpool.", part, ".bias"), {rows}});
  }
}

}  // namespace mao::detail
