// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Decoded pictures kept in memory, up to a limit.

#include <cstddef>
#include <cstdint>
#include <list>
#include <mao/data/image.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace mao {

/// Forgets the picture that was used longest ago when the limit is reached. Safe to use from several threads.
class ImageCache {
 public:
  /// A limit of 0 bytes keeps nothing.
  explicit ImageCache(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// The picture, or null when it is not kept.
  std::shared_ptr<const Image> find(std::int64_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = where_.find(id);
    if (found == where_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  /// Keeps the picture, unless it is larger than the limit.
  void keep(std::int64_t id, std::shared_ptr<const Image> image) {
    const std::lock_guard lock(mutex_);
    if (image->pixels.size() > limit_ || where_.contains(id)) return;
    used_ += image->pixels.size();
    order_.emplace_front(id, std::move(image));
    where_[id] = order_.begin();
    while (used_ > limit_) {
      used_ -= order_.back().second->pixels.size();
      where_.erase(order_.back().first);
      order_.pop_back();
    }
  }

  /// Bytes of pixels kept now.
  [[nodiscard]] std::size_t used_bytes() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  using Entry = std::pair<std::int64_t, std::shared_ptr<const Image>>;

  mutable std::mutex mutex_;
  std::size_t limit_;
  std::size_t used_ = 0;
  std::list<Entry> order_;  // the most recently used first
  std::unordered_map<std::int64_t, std::list<Entry>::iterator> where_;
};

}  // namespace mao
