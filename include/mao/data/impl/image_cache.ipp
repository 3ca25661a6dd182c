// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/image_cache.hpp>

#include <utility>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::shared_ptr<const Image> ImageCache::find(std::int64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(id);
  return found == kept_.end() ? nullptr : found->second;
}

MAO_INLINE void ImageCache::keep(std::int64_t id, std::shared_ptr<const Image> image) {
  const std::lock_guard lock(mutex_);
  const std::size_t bytes = image->pixels.size();
  if (bytes > limit_ - used_ || !kept_.try_emplace(id, std::move(image)).second) return;
  used_ += bytes;
}

}  // namespace mao
