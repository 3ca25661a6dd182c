// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Batches of image files, decoded and transformed by worker threads ahead of their use.

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

/// How a `Loader` works.
struct LoaderOptions {
  Preprocess preprocess;
  Augment augment;
  int threads = 2;                                 ///< workers; the thread that calls `load` helps, so 0 works too
  std::size_t cache_bytes = std::size_t{1} << 30;  ///< for decoded pictures
  int batches_ahead = 2;                           ///< announced batches that are held ready at most
};

/// Turns views of image files into pixels.
///
/// What comes out depends on the views alone, not on the number of threads, on what was announced, or on the cache.
/// `load` and `announce` are for one thread at a time.
class Loader {
 public:
  /// **Throws** `OptionError` naming a setting that makes no sense.
  explicit Loader(std::vector<std::filesystem::path> files, LoaderOptions options = {});
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(files_.size()); }
  [[nodiscard]] const LoaderOptions& options() const { return options_; }

  /// How many announced batches are complete and wait to be loaded.
  [[nodiscard]] std::int64_t ready_batches() {
    const std::lock_guard lock(mutex_);
    return std::ranges::count_if(ready_, [](const auto& job) { return job->complete(); });
  }

  /// Says which batches will be loaded next, after those announced before; workers prepare them.
  void announce(const std::vector<std::vector<View>>& batches);

  /// The pixels of the views, in their order (`take`: in memory of its own). An announced batch is taken from the
  /// queue, and those announced before it and never loaded are dropped; any other is prepared at once.
  ///
  /// **Shapes** out [B, 3, R, R]. **Throws** `FileError` or `FormatError` naming the file, `OptionError` for an image
  /// number outside.
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

  /// The batch from the queue, or a new one that all workers turn to.
  std::shared_ptr<Job> job_for(const std::vector<View>& views);

  /// The next batch with something to do; starts an announced one when there is room. Needs the lock.
  std::shared_ptr<Job> next_job();

  void work(const std::stop_token& stop);

  /// Makes the pixels of one view; whatever goes wrong is kept for `load` to throw.
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
