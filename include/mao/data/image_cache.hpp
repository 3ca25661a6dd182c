// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A cache of decoded pictures in memory, up to a limit.

#include <cstddef>
#include <cstdint>
#include <mao/data/image.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace mao {

/// Stores the first pictures that fit and never removes one. Safe to use from several threads.
///
/// Training and evaluation use each picture once per epoch. With a fixed set, the stored pictures are found every time;
/// a least-recently-used cache would remove each picture shortly before it is needed.
class ImageCache {
 public:
  /// A limit of 0 bytes stores nothing.
  explicit ImageCache(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// The picture, or null if it is not in the cache.
  [[nodiscard]] std::shared_ptr<const Image> find(std::int64_t id) const;

  /// Stores the picture if there is room for it.
  void keep(std::int64_t id, std::shared_ptr<const Image> image);

  /// Bytes of stored pixels.
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
