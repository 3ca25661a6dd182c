// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/load_job.hpp>

#include <algorithm>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE bool same_views(const std::vector<View>& a, const std::vector<View>& b) {
  return std::ranges::equal(a, b, [](const View& x, const View& y) {
    return x.image == y.image && x.key == y.key && x.augment == y.augment;
  });
}

MAO_INLINE std::optional<std::size_t> LoadJob::take() {
  const std::lock_guard lock(mutex_);
  if (taken_ == views_.size()) return std::nullopt;
  return taken_++;
}

MAO_INLINE void LoadJob::finish(std::size_t item, std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (error != nullptr && item < failed_item_) {
    failed_item_ = item;
    error_ = std::move(error);
  }
  if (++finished_ == views_.size()) done_.notify_all();
}

MAO_INLINE std::shared_ptr<float[]> LoadJob::pixels() const {
  if (error_ != nullptr) std::rethrow_exception(error_);
  return pixels_;
}

}  // namespace mao::detail
