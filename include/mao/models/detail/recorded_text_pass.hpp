// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The text pass recorded and replayed: all blocks forward are one launch, all blocks back another, instead of
/// hundreds. What records is a parameter: on a GPU LibTorch's CUDA graphs (models/cuda_step_graph.hpp), in the tests a
/// stand-in.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include <mao/core/detail/own_gradient.hpp>
#include <mao/kernels/cuda/buckets.hpp>
#include <mao/models/cuda_text_pass.hpp>

namespace mao::cuda {

/// What records launches. `warm_up` runs the work as it is, where recordings are made (what is made at the first use
/// gets made); `record` only takes down what it launches; `replay` launches that again, on the same memory.
template <class Graph>
concept RecordsLaunches = requires(Graph graph, const std::function<void()>& work) {
  Graph(c10::Device(c10::kCPU));
  graph.warm_up(work);
  graph.record(work);
  graph.replay();
};

/// What a recording serves: passes of one tower in one bucket of sizes.
struct PassShape {
  std::vector<const void*> tower;  ///< its weights
  Bucket bucket;
  std::int64_t groups = 1, prefix = 0;
  std::vector<std::int64_t> prompts;  ///< of each block, tokens replaced and attended

  PassShape(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& of_blocks);
  friend auto operator<=>(const PassShape&, const PassShape&) = default;
};

/// A pass on memory of its own, which is filled before each replay: run the first time, recorded the second.
template <RecordsLaunches Graph>
class RecordedPass {
 public:
  RecordedPass(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts)
      : bucket_(bucket_of(batch.offsets)),
        forward_graph_(batch.prefix.device()),
        backward_graph_(batch.prefix.device()) {
    const auto like = [](const Tensor& part) {
      return part.defined() ? at::zeros(part.sizes(), part.options()) : part;
    };
    const std::int64_t width = batch.prefix.size(2);
    prefix_ = like(batch.prefix);
    suffix_ = at::zeros({bucket_.tokens, width}, prefix_.options());
    given_ = at::zeros({bucket_.rows, width}, prefix_.options());
    for (const BlockPrompt& prompt : prompts) prompts_.push_back({like(prompt.replacement), like(prompt.attended)});
    pass_ = std::make_unique<TextPass>(blocks, padded(batch), prompts_);
  }

  /// `TextPass::forward` for another batch of the same shape.
  Tensor forward(const TextBatch& batch, const BlockPrompts& prompts, const Tensor& prefix, const Tensor& suffix) {
    pass_->rearrange(padded(batch));
    const std::vector<Tensor> from = detail::pass_inputs(prompts, prefix, suffix),
                              to = detail::pass_inputs(prompts_, prefix_, suffix_);
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i].defined()) fill(to[i], from[i]);
    }
    run(
        forward_, forward_graph_, true, [this] { out_ = pass_->forward(prefix_, suffix_, true); },
        [this] {
          out_ = Tensor();
          pass_->forget();
        });
    return out_.narrow(0, 0, batch.rows()).clone();
  }

  /// `TextPass::backward` of the last `forward`.
  std::vector<Tensor> backward(const Tensor& gradient, std::int64_t tokens) {
    fill(given_, gradient);
    // What a pass kept stays where it is only once that is recorded itself.
    run(
        backward_, backward_graph_, forward_ == Stage::Recorded, [this] { gradients_ = pass_->backward(given_); },
        [this] { gradients_.clear(); });
    std::vector<Tensor> found;
    for (const Tensor& part : gradients_) found.push_back(part.defined() ? part.clone() : part);
    found[1] = found[1].narrow(0, 0, tokens);
    return found;
  }

 private:
  enum class Stage { New, Warm, Recorded, Refused };

  /// `drop` frees what the warm pass left, before its successor is recorded.
  static void run(Stage& stage, Graph& graph, bool may_record, const std::function<void()>& work,
                  const std::function<void()>& drop) {
    if (stage == Stage::Warm && may_record) {
      drop();
      stage = recorded(graph, work) ? Stage::Recorded : Stage::Refused;
    }
    if (stage == Stage::Recorded) {
      graph.replay();
      return;
    }
    graph.warm_up(work);
    if (stage == Stage::New) stage = Stage::Warm;
  }

  /// What cannot be recorded runs as it is, each time, and is said once.
  static bool recorded(Graph& graph, const std::function<void()>& work) {
    try {
      graph.record(work);
      return true;
    } catch (const Error& error) {
      TORCH_WARN_ONCE(error.what(), "; it is launched step by step");
      return false;
    }
  }

  /// The rows of a batch, with empty ones up to the bucket, on this pass's memory.
  [[nodiscard]] TextBatch padded(const TextBatch& batch) const {
    TextBatch full{.prefix = prefix_, .suffix = suffix_, .offsets = batch.offsets, .group = batch.group};
    pad_rows(full.offsets, full.group, bucket_);
    return full;
  }

  /// `rows`, and zero behind them.
  static void fill(const Tensor& place, const Tensor& rows) {
    const std::int64_t count = rows.size(0);
    place.narrow(0, 0, count).copy_(rows);
    place.narrow(0, count, place.size(0) - count).zero_();
  }

  Bucket bucket_;
  Graph forward_graph_, backward_graph_;
  Stage forward_ = Stage::New, backward_ = Stage::New;
  Tensor prefix_, suffix_, given_;  // [G, P, W], [N, W], [R, W] of the bucket
  BlockPrompts prompts_;
  std::unique_ptr<TextPass> pass_;
  Tensor out_;                     // where the recording writes
  std::vector<Tensor> gradients_;  // likewise
};

/// Recordings by shape. Like `encode_rows`, which it falls back on where there is no backward pass, or the recording
/// of a shape still waits for the gradient of its last pass.
template <RecordsLaunches Graph>
class RecordedTextPasses {
 public:
  Tensor encode(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts,
                const Tensor& prefix, const Tensor& suffix) {
    const std::vector<Tensor> inputs = detail::pass_inputs(prompts, prefix, suffix);
    const bool differentiated = any_differentiated(inputs);
    const auto pass = differentiated ? idle_one(blocks, batch, prompts) : nullptr;
    if (!pass) return encode_rows(blocks, batch, prompts, prefix, suffix);
    const auto forward = [&] {
      const at::NoGradGuard own;
      return pass->forward(batch, prompts, prefix, suffix);
    };
    return own_gradient(forward(), inputs, [pass, tokens = suffix.size(0)](const Tensor& gradient) {
      const at::NoGradGuard own;
      return pass->backward(gradient, tokens);
    });
  }

  /// How many recordings there are.
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

  /// Drops them, but those that are in use.
  void clear() {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const auto& entry) { return entry.second.idle(); });
  }

 private:
  /// Each keeps what its pass keeps for the backward pass.
  static constexpr std::size_t most = 16;

  struct Entry {
    std::shared_ptr<RecordedPass<Graph>> pass;
    std::uint64_t used = 0;
    [[nodiscard]] bool idle() const { return pass.use_count() == 1; }
  };

  /// The recording of that shape, made where there is none; null while it is in use.
  std::shared_ptr<RecordedPass<Graph>> idle_one(const std::vector<Block>& blocks, const TextBatch& batch,
                                                const BlockPrompts& prompts) {
    PassShape shape(blocks, batch, prompts);
    const std::lock_guard lock(mutex_);
    auto place = entries_.find(shape);
    if (place == entries_.end()) {
      auto pass = std::make_shared<RecordedPass<Graph>>(blocks, batch, prompts);
      place = entries_.emplace(std::move(shape), Entry{std::move(pass), ++uses_}).first;
      drop_oldest();
    }
    Entry& entry = place->second;
    if (!entry.idle()) return nullptr;
    entry.used = ++uses_;
    return entry.pass;
  }

  void drop_oldest() {
    if (entries_.size() <= most) return;
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.idle() && (oldest == entries_.end() || it->second.used < oldest->second.used)) oldest = it;
    }
    if (oldest->second.used != uses_) entries_.erase(oldest);
  }

  mutable std::mutex mutex_;
  std::map<PassShape, Entry> entries_;
  std::uint64_t uses_ = 0;
};

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/recorded_text_pass.ipp>
#endif
