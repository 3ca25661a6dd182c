// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The pictures and captions of a training step, rendered ahead of the training loop on a thread of their own.

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/piece_tokenizer.hpp>

#include "captions.hpp"
#include "pictures.hpp"

namespace mao::embedded {

/// Token rows of equal length, and where each ends.
struct TokenRows {
  Tensor tokens;  ///< [B, L]
  Tensor ends;    ///< [B] position of the end token
};

/// One training step's input.
struct TrainingBatch {
  Tensor pictures;  ///< [B, 48, 48, 3] bytes
  TokenRows text;
  Tensor also_true;   ///< [B, B] 1 where caption j holds for picture i without being its own
  Tensor attributes;  ///< [B, 5] shape, colour, texture, background, style
};

/// Pads tokenized texts to the longest. **Throws** `DataError` where a text is longer than `context`.
inline TokenRows token_rows(const ClipTokenizer& tokenizer, const std::vector<std::string>& texts,
                            std::int64_t context) {
  std::vector<std::vector<std::int64_t>> rows;
  std::int64_t longest = 0;
  for (const std::string& text : texts) {
    rows.push_back(tokenizer.row(text, context));
    const auto end = std::ranges::find(rows.back(), tokenizer.end_token());
    rows.back().erase(end + 1, rows.back().end());
    longest = std::max(longest, static_cast<std::int64_t>(rows.back().size()));
  }
  const auto count = static_cast<std::int64_t>(texts.size());
  TokenRows result{at::zeros({count, longest}, at::kLong), at::empty({count}, at::kLong)};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto* row = result.tokens.mutable_data_ptr<std::int64_t>() + static_cast<std::int64_t>(i) * longest;
    std::ranges::copy(rows[i], row);
    result.ends.mutable_data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(rows[i].size()) - 1;
  }
  return result;
}

/// The same for a model whose rows are as long as the context and end at their last position.
inline TokenRows token_rows(const PieceTokenizer& tokenizer, const std::vector<std::string>& texts,
                            std::int64_t context) {
  const auto count = static_cast<std::int64_t>(texts.size());
  TokenRows result{at::empty({count, context}, at::kLong), at::full({count}, context - 1, at::kLong)};
  auto* row = result.tokens.mutable_data_ptr<std::int64_t>();
  for (const std::string& text : texts) row = std::ranges::copy(tokenizer.row(text, context), row).out;
  return result;
}

/// Makes the batch of any step: a function of seed and step, so a continued run sees what an uninterrupted one would.
template <class Tokenizer>
class BatchMaker {
 public:
  BatchMaker(const Tokenizer& tokenizer, std::int64_t batch, std::int64_t context, std::uint64_t seed)
      : tokenizer_(tokenizer), batch_(batch), context_(context), stream_(Rng(seed)["pre-training"]) {}

  [[nodiscard]] TrainingBatch operator()(std::int64_t step) const {
    const Rng stream = stream_[static_cast<std::uint64_t>(step)];
    const bool moved = Rng(stream["moved"]).uniform() < 0.3;  // a whole step at a time: long rows cost
    std::vector<Scene> scenes;
    std::vector<Caption> captions;
    std::vector<std::string> texts;
    TrainingBatch result;
    result.pictures = empty_pictures(batch_);
    for (std::int64_t i = 0; i < batch_; ++i) {
      Rng draw = stream[static_cast<std::uint64_t>(i)];
      const Scene scene = drawn_scene(draw);
      scenes.push_back(scene);
      captions.push_back(caption(scene, moved ? draw.below(13) : 0, draw["caption"]));
      texts.push_back(captions.back().text);
      put(render(scene.what, scene.background, known_style(scene.style), draw["picture"]), result.pictures, i);
    }
    result.text = token_rows(tokenizer_, texts, context_);
    describe(scenes, captions, result);
    return result;
  }

 private:
  [[nodiscard]] Scene drawn_scene(Rng& draw) const {
    constexpr std::array<double, 6> until = {0.55, 0.68, 0.76, 0.84, 0.92, 1};  // cumulative shares of the styles
    Scene scene{seen_[draw.below(seen_.size())], draw.below(background_names.size()), 0};
    const double style = draw.uniform();
    while (style >= until[scene.style]) ++scene.style;
    return scene;
  }

  static void describe(const std::vector<Scene>& scenes, const std::vector<Caption>& captions, TrainingBatch& result) {
    const std::size_t count = scenes.size();
    const auto extent = static_cast<std::int64_t>(count);
    result.also_true = at::zeros({extent, extent});
    result.attributes = at::empty({extent, 5}, at::kLong);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& [what, background, style] = scenes[i];
      const std::array<std::size_t, 5> row = {what.shape, what.colour, what.texture, background, style};
      std::ranges::copy(row, result.attributes.mutable_data_ptr<std::int64_t>() + i * 5);
      for (std::size_t j = 0; j < count; ++j) {
        const bool other_holds = i != j && captions[j].holds_for(scenes[i]);
        result.also_true.mutable_data_ptr<float>()[i * count + j] = other_holds ? 1.0F : 0.0F;
      }
    }
  }

  const Tokenizer& tokenizer_;
  std::int64_t batch_;
  std::int64_t context_;
  Rng stream_;
  std::vector<Combination> seen_ = seen_combinations();
};

/// Works a few steps ahead of the one who asks.
class Prefetcher {
 public:
  template <class Make>
  Prefetcher(const Make& make, std::int64_t first, std::int64_t last)
      : worker_([this, &make, first, last](const std::stop_token& stop) {
          try {
            for (std::int64_t step = first; step < last && !stop.stop_requested(); ++step) add(make(step), stop);
          } catch (...) {
            const std::lock_guard lock(mutex_);
            failure_ = std::current_exception();
            changed_.notify_all();
          }
        }) {}

  /// The next step's batch. **Throws** what rendering threw.
  TrainingBatch next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || failure_ != nullptr; });
    if (ready_.empty()) std::rethrow_exception(failure_);
    TrainingBatch batch = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return batch;
  }

 private:
  void add(TrainingBatch batch, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return ready_.size() < 4; })) return;
    ready_.push_back(std::move(batch));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<TrainingBatch> ready_;
  std::exception_ptr failure_;
  std::jthread worker_;
};

}  // namespace mao::embedded
