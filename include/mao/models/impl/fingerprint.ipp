// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/fingerprint.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>
#include <mao/io/checksum.hpp>

namespace mao {

MAO_INLINE std::string fingerprint_of(const TensorMap& weights) {
  detail::ContentHash hash;
  for (const auto& [name, value] : weights) {
    hash.add(name.data(), name.size());
    const Tensor bytes = value.detach().cpu().contiguous();
    for (const std::int64_t extent : bytes.sizes()) hash.add(&extent, sizeof extent);
    detail::Checksum content;  // as fast as memory: a model of 600 MB takes less time than one step
    content.add(bytes.const_data_ptr(), bytes.nbytes());
    const std::uint64_t sum = content.value();
    hash.add(&sum, sizeof sum);
  }
  return hash.text();
}

MAO_INLINE std::string fingerprint_of(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form) {
  const ClipForm usual;
  ClipForm own = form;
  own.vision_scale = own.text_scale = false;  // part of the weights by now
  for (const auto& [tower, width] : {std::pair{&own.vision, sizes.vision_channels()}, {&own.text, sizes.text_width}}) {
    if (tower->heads == std::max<std::int64_t>(1, width / 64)) tower->heads = 0;
  }
  if (own == usual) return fingerprint_of(weights);
  detail::ContentHash hash;
  hash.add(describe_vision(own, sizes) + "; " + describe_text(own, sizes.text_width));
  return fingerprint_of(weights) + "-" + hash.text();
}

MAO_INLINE std::string fingerprint_suffix(const Preprocess& preprocess) {
  Preprocess own = preprocess;
  own.crop_rounds_down = false;
  if (describe(own) == describe(Preprocess{.resolution = own.resolution})) return {};
  detail::ContentHash hash;
  hash.add(describe(own));
  return "-pixels-" + hash.text();
}

}  // namespace mao
