// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Batches of image files that worker threads decode and transform ahead of use.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mao/core/batch.hpp>
#include <mao/data/image_cache.hpp>
#include <mao/data/detail/load_job.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/data/random_crop.hpp>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace mao {

/// Settings of `Loader`.
struct LoaderOptions {
  Preprocess preprocess;
  Augment augment;
  int threads = 2;                                 ///< workers; the thread that calls `load` helps, so 0 also works
  std::size_t cache_bytes = std::size_t{1} << 30;  ///< for decoded pictures
  int batches_ahead = 2;                           ///< at most this many announced batches are prepared
};

/// Turns views of image files into pixels.
///
/// The result depends only on the views, not on the number of threads, the announcements or the cache.
/// Call `load` and `announce` from one thread at a time.
class Loader {
 public:
  /// **Throws** `OptionError` naming a setting out of range.
  explicit Loader(std::vector<std::filesystem::path> files, LoaderOptions options = {});
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(files_.size()); }
  [[nodiscard]] const LoaderOptions& options() const { return options_; }

  /// The number of announced batches that are ready to be loaded.
  [[nodiscard]] std::int64_t ready_batches() {
    const std::lock_guard lock(mutex_);
    return std::ranges::count_if(ready_, [](const auto& job) { return job->complete(); });
  }

  /// Announces the batches that will be loaded after those announced earlier; workers prepare them.
  void announce(const std::vector<std::vector<View>>& batches);

  /// The pixels of the views, in order (`take`: in newly allocated memory). An announced batch is taken from the queue,
  /// and batches announced earlier that were never loaded are dropped; any other batch is prepared immediately.
  ///
  /// **Shapes** out [B, 3, R, R]. **Throws** `FileError` or `FormatError` naming the file, `OptionError` for an image
  /// number out of range.
  void load(const std::vector<View>& views, float* out) {
    std::copy_n(take(views).get(), views.size() * floats_per_view(), out);
  }

  std::shared_ptr<float[]> take(const std::vector<View>& views);

 private:
  using Job = detail::LoadJob;

  [[nodiscard]] std::size_t floats_per_view() const {
    return 3 * static_cast<std::size_t>(options_.preprocess.resolution * options_.preprocess.resolution);
  }

  void check_views(const std::vector<View>& views) const;

  /// The batch from the queue, or a new one that all workers start on.
  std::shared_ptr<Job> job_for(const std::vector<View>& views);

  /// The next batch that needs work; starts an announced batch if there is room. Needs the lock.
  std::shared_ptr<Job> next_job();

  void work(const std::stop_token& stop);

  /// Makes the pixels of one view; an error is stored for `load` to throw.
  void prepare(Job& job, std::size_t item);

  std::shared_ptr<const Image> picture(std::int64_t id);

  std::vector<std::filesystem::path> files_;
  LoaderOptions options_;
  ImageCache cache_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::vector<View>> announced_;  // not begun
  std::deque<std::shared_ptr<Job>> ready_;   // begun, not loaded
  std::shared_ptr<Job> urgent_;              // being loaded without having been announced
  std::vector<std::jthread> workers_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/loader.ipp>
#endif
