// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Decoded pictures kept in memory, up to a limit.

#include <cstddef>
#include <cstdint>
#include <mao/data/image.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace mao {

/// Keeps the pictures that come first, as far as they fit, and never lets go of one. Safe to use from several threads.
///
/// Training and evaluation see each picture once an epoch. Then a share of the pictures that stays is found every time,
/// while forgetting what was used longest ago would throw each one out shortly before it is needed.
class ImageCache {
 public:
  /// A limit of 0 bytes keeps nothing.
  explicit ImageCache(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// The picture, or null when it is not kept.
  [[nodiscard]] std::shared_ptr<const Image> find(std::int64_t id) const;

  /// Keeps the picture if there is room for it.
  void keep(std::int64_t id, std::shared_ptr<const Image> image);

  /// Bytes of pixels kept now.
  [[nodiscard]] std::size_t used_bytes() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  mutable std::mutex mutex_;
  std::size_t limit_;
  std::size_t used_ = 0;
  std::unordered_map<std::int64_t, std::shared_ptr<const Image>> kept_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/image_cache.ipp>
#endif
