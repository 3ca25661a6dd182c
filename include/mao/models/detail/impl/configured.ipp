// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/configured.hpp>

#include <mao/config.hpp>
#include <mao/models/architecture.hpp>

namespace mao {

MAO_INLINE void ClipConfiguration::state(const ConfigSection& section, std::string_view key,
                                         std::int64_t ClipArchitecture::*size, std::int64_t value) {
  sizes.push_back({text_of(section.where(), key), value, size});
}

MAO_INLINE void ClipConfiguration::add_uncovered_pixels(ClipArchitecture& found) const {
  if (found.is_resnet()) return;
  for (const Size& stated : sizes) {
    const std::int64_t more = stated.value - found.resolution;
    if (stated.size == &ClipArchitecture::resolution && more > 0 && more < found.patch) found.resolution = stated.value;
  }
}

MAO_INLINE void ClipConfiguration::set_context(ClipArchitecture& found) const {
  if (context == 0) return;
  require<FormatError>(context <= found.text_positions, where, ": text_cfg.context_length is ", context,
                       ", but the text tower has ", found.text_positions,
                       " positions: they belong to different models; expected the configuration of this checkpoint");
  found.context = context;
}

MAO_INLINE void ClipConfiguration::check(const ClipArchitecture& found) const {
  for (const Size& stated : sizes) {
    require<FormatError>(found.*stated.size == stated.value, stated.key, " means ", stated.value,
                         ", the checkpoint's tensors have ", found.*stated.size,
                         ": they belong to different models; expected the configuration of this checkpoint");
  }
  if (blocks_key.empty()) return;
  const std::vector<std::int64_t> own(found.resnet_blocks.begin(), found.resnet_blocks.end());
  require<FormatError>(own == resnet_blocks, blocks_key, " is ", shape_text(resnet_blocks), ", a ResNet, but ",
                       found.is_resnet() ? text_of("the checkpoint's ResNet has ", shape_text(own), " blocks")
                                         : "the checkpoint's image tower is a ViT",
                       ": they belong to different models; expected the configuration of this checkpoint");
}

}  // namespace mao
