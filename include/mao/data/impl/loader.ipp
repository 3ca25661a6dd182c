// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/loader.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/core/random.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/detail/transform.hpp>

namespace mao {

MAO_INLINE Loader::Loader(std::vector<std::filesystem::path> files, LoaderOptions options)
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

MAO_INLINE Loader::~Loader() {
  for (auto& worker : workers_) worker.request_stop();
  workers_.clear();  // joins, while the members that the workers use still live
}

MAO_INLINE void Loader::announce(const std::vector<std::vector<View>>& batches) {
  for (const auto& views : batches) check_views(views);
  {
    const std::lock_guard lock(mutex_);
    announced_.insert(announced_.end(), batches.begin(), batches.end());
  }
  changed_.notify_all();
}

MAO_INLINE std::shared_ptr<float[]> Loader::take(const std::vector<View>& views) {
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

MAO_INLINE void Loader::check_views(const std::vector<View>& views) const {
  for (const View& view : views) {
    const bool known = view.image >= 0 && view.image < size();
    require<OptionError>(known, "loader: image ", view.image, "; there are ", size(), ", numbered from 0");
  }
}

MAO_INLINE std::shared_ptr<Loader::Job> Loader::job_for(const std::vector<View>& views) {
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

MAO_INLINE std::shared_ptr<Loader::Job> Loader::next_job() {
  if (urgent_ != nullptr && !urgent_->all_taken()) return urgent_;
  for (const auto& job : ready_) {
    if (!job->all_taken()) return job;
  }
  if (announced_.empty() || ready_.size() >= static_cast<std::size_t>(options_.batches_ahead)) return nullptr;
  ready_.push_back(std::make_shared<Job>(std::move(announced_.front()), floats_per_view()));
  announced_.pop_front();
  return ready_.back();
}

MAO_INLINE void Loader::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return (job = next_job()) != nullptr; })) return;
    }
    if (const auto item = job->take()) prepare(*job, *item);
  }
}

MAO_INLINE void Loader::prepare(Job& job, std::size_t item) {
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

MAO_INLINE std::shared_ptr<const Image> Loader::picture(std::int64_t id) {
  if (auto kept = cache_.find(id)) return kept;
  const auto& file = files_[static_cast<std::size_t>(id)];
  auto image = std::make_shared<const Image>(read_image(file, options_.preprocess.transparency));
  cache_.keep(id, image);
  return image;
}

}  // namespace mao
