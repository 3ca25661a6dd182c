// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/sampler_state.hpp>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>

namespace mao::detail {

MAO_INLINE TensorMap copies_of(const TensorMap& tensors) {
  TensorMap copies;
  for (const auto& [name, value] : tensors) copies[name] = value.detach().clone();
  return copies;
}

MAO_INLINE Tensor bytes_of(const std::string& text) {
  return at::tensor(std::vector<std::uint8_t>(text.begin(), text.end()), at::kByte);
}

MAO_INLINE std::string text_in(const Tensor& bytes) {
  const Tensor values = bytes.to(at::kByte).cpu().contiguous();
  const auto* first = values.const_data_ptr<std::uint8_t>();
  return {first, first + values.numel()};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string text_of_batches(const std::vector<Batch>& batches) {
  detail::ContentHash hash;
  std::int64_t images = 0;
  const auto add = [&](const auto& values) {
    const std::size_t count = values.size();
    hash.add(&count, sizeof count);
    hash.add(values.data(), count * sizeof values[0]);
  };
  for (const Batch& batch : batches) {
    images += batch.size();
    add(batch.images), add(batch.labels), add(batch.weights), add(batch.targets);
  }
  return text_of(batches.size(), " batches of ", images, " images in all, of which the first has ",
                 batches.empty() ? 0 : batches.front().size(), " (", hash.text(), ")");
}

MAO_INLINE void expect_same_batches(const std::string& before, const std::string& now, const std::string& name) {
  require<OptionError>(before == now, name, ": asked again for an epoch, the sampler draws ", now,
                       ", the saved training drew ", before,
                       "; give it the same images and settings. A sampler that "
                       "counts its own calls should take the epoch, `epoch(rng, EpochInfo)`, or offers `state()`");
}

}  // namespace mao
