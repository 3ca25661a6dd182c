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
#include <mao/core/error.hpp>
#include <mao/core/random.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/image_cache.hpp>
#include <mao/data/detail/load_job.hpp>
#include <mao/data/detail/transform.hpp>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
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
  explicit Loader(std::vector<std::filesystem::path> files, LoaderOptions options = {})
      : files_(std::move(files)), options_(options), cache_(options.cache_bytes) {
    check(options_.preprocess);
    check(options_.augment);
    require<OptionError>(options_.threads >= 0 && options_.threads <= 1024, "loader: ", options_.threads,
                         " threads; expected 0 to 1024");
    require<OptionError>(options_.batches_ahead >= 0, "loader: ", options_.batches_ahead,
                         " batches ahead; expected >= 0");
    for (int i = 0; i < options_.threads; ++i) {
      workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader() {
    for (auto& worker : workers_) worker.request_stop();
    workers_.clear();  // joins, while the members that the workers use still live
  }

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(files_.size()); }
  [[nodiscard]] const LoaderOptions& options() const { return options_; }

  /// How many announced batches are complete and wait to be loaded.
  [[nodiscard]] std::int64_t ready_batches() {
    const std::lock_guard lock(mutex_);
    return std::ranges::count_if(ready_, [](const auto& job) { return job->complete(); });
  }

  /// Says which batches will be loaded next, after those announced before; workers prepare them.
  void announce(const std::vector<std::vector<View>>& batches) {
    for (const auto& views : batches) check_views(views);
    {
      const std::lock_guard lock(mutex_);
      announced_.insert(announced_.end(), batches.begin(), batches.end());
    }
    changed_.notify_all();
  }

  /// The pixels of the views, in their order (`take`: in memory of its own). An announced batch is taken from the
  /// queue, and those announced before it and never loaded are dropped; any other is prepared at once.
  ///
  /// **Shapes** out [B, 3, R, R]. **Throws** `FileError` or `FormatError` naming the file, `OptionError` for an image
  /// number outside.
  void load(const std::vector<View>& views, float* out) {
    std::copy_n(take(views).get(), views.size() * floats_per_view(), out);
  }

  std::shared_ptr<float[]> take(const std::vector<View>& views) {
    check_views(views);
    const auto job = job_for(views);
    while (const auto item = job->take()) prepare(*job, *item);
    job->wait();
    {
      const std::lock_guard lock(mutex_);
      std::erase(ready_, job);
      if (urgent_ == job) urgent_ = nullptr;
    }
    changed_.notify_all();
    return job->pixels();
  }

 private:
  using Job = detail::LoadJob;

  [[nodiscard]] std::size_t floats_per_view() const {
    return 3 * static_cast<std::size_t>(options_.preprocess.resolution * options_.preprocess.resolution);
  }

  void check_views(const std::vector<View>& views) const {
    for (const View& view : views) {
      const bool known = view.image >= 0 && view.image < size();
      require<OptionError>(known, "loader: image ", view.image, "; there are ", size(), ", numbered from 0");
    }
  }

  /// The batch from the queue, or a new one that all workers turn to.
  std::shared_ptr<Job> job_for(const std::vector<View>& views) {
    std::shared_ptr<Job> job;
    {
      const std::lock_guard lock(mutex_);
      const auto started = std::ranges::find_if(ready_, [&](const auto& other) { return other->is_for(views); });
      if (started != ready_.end()) {
        job = *started;
        ready_.erase(ready_.begin(), started);  // stays first until it is loaded
        return job;
      }
      const auto waiting =
          std::ranges::find_if(announced_, [&](const auto& other) { return detail::same_views(other, views); });
      if (waiting != announced_.end()) {
        ready_.clear();
        announced_.erase(announced_.begin(), waiting + 1);
      }
      job = std::make_shared<Job>(views, floats_per_view());
      urgent_ = job;
    }
    changed_.notify_all();
    return job;
  }

  /// The next batch with something to do; starts an announced one when there is room. Needs the lock.
  std::shared_ptr<Job> next_job() {
    if (urgent_ != nullptr && !urgent_->all_taken()) return urgent_;
    for (const auto& job : ready_) {
      if (!job->all_taken()) return job;
    }
    if (announced_.empty() || ready_.size() >= static_cast<std::size_t>(options_.batches_ahead)) return nullptr;
    ready_.push_back(std::make_shared<Job>(std::move(announced_.front()), floats_per_view()));
    announced_.pop_front();
    return ready_.back();
  }

  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [&] { return (job = next_job()) != nullptr; })) return;
      }
      if (const auto item = job->take()) prepare(*job, *item);
    }
  }

  /// Makes the pixels of one view; whatever goes wrong is kept for `load` to throw.
  void prepare(Job& job, std::size_t item) {
    try {
      const View& view = job.view(item);
      const auto image = picture(view.image);
      if (view.augment) {
        augmented_view(*image, options_.preprocess, options_.augment, Rng(view.key), job.pixels(item));
      } else {
        evaluation_view(*image, options_.preprocess, job.pixels(item));
      }
      job.finish(item, nullptr);
    } catch (...) {
      job.finish(item, std::current_exception());
    }
  }

  std::shared_ptr<const Image> picture(std::int64_t id) {
    if (auto kept = cache_.find(id)) return kept;
    auto image = std::make_shared<const Image>(read_image(files_[static_cast<std::size_t>(id)]));
    cache_.keep(id, image);
    return image;
  }

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
