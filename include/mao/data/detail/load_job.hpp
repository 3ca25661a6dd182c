// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One batch on its way through the threads of a `Loader`.

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mao/core/batch.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace mao::detail {

bool same_views(const std::vector<View>& a, const std::vector<View>& b);

/// The views of a batch, their pixels, and how far the work on them is.
class LoadJob {
 public:
  LoadJob(std::vector<View> views, std::size_t floats_per_view)
      : views_(std::move(views)),
        floats_per_view_(floats_per_view),
        pixels_(std::make_shared_for_overwrite<float[]>(views_.size() * floats_per_view)) {}

  [[nodiscard]] bool is_for(const std::vector<View>& views) const { return same_views(views_, views); }
  [[nodiscard]] const View& view(std::size_t item) const { return views_[item]; }
  float* pixels(std::size_t item) { return pixels_.get() + item * floats_per_view_; }

  /// The next view to work on, or nothing when all are taken. Whoever takes one must `finish` it.
  std::optional<std::size_t> take();

  [[nodiscard]] bool all_taken() const {
    const std::lock_guard lock(mutex_);
    return taken_ == views_.size();
  }

  [[nodiscard]] bool complete() const {
    const std::lock_guard lock(mutex_);
    return finished_ == views_.size();
  }

  /// Of several errors the one of the first view stays, so that the same error comes out on any number of threads.
  void finish(std::size_t item, std::exception_ptr error);

  /// Returns when all views are finished.
  void wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return finished_ == views_.size(); });
  }

  /// The pixels of all views, once all are finished. **Throws** what the first failed view threw.
  [[nodiscard]] std::shared_ptr<float[]> pixels() const;

 private:
  std::vector<View> views_;
  std::size_t floats_per_view_;
  std::shared_ptr<float[]> pixels_;  // not set to 0 first: every view is written
  mutable std::mutex mutex_;
  std::condition_variable done_;
  std::size_t taken_ = 0;
  std::size_t finished_ = 0;
  std::size_t failed_item_ = static_cast<std::size_t>(-1);
  std::exception_ptr error_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/load_job.ipp>
#endif
