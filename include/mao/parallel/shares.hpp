// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The part of a batch that each worker computes, and what it counts in the loss of the whole.

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/parallel/workers.hpp>
#include <mao/regularizers/concepts.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

/// Images `begin` .. `end` - 1 of a batch of `whole`.
struct Share {
  std::int64_t begin = 0, end = 0, whole = 0;
  /// False where there are fewer images than workers: it computes one that counts for another worker, so that all take
  /// the same steps.
  bool counts = true;

  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

/// Contiguous parts whose sizes differ by one at most. All of it without workers.
inline Share share_of(std::int64_t images, const Workers* workers) {
  if (workers == nullptr) return {.end = images, .whole = images};
  const std::int64_t rank = workers->rank(), count = workers->count();
  const Share share{.begin = images * rank / count, .end = images * (rank + 1) / count, .whole = images};
  if (share.size() > 0) return share;
  return {.end = std::min<std::int64_t>(1, images), .whole = images, .counts = false};
}

/// The share's rows of something that has `values.size() / share.whole` of them for each image.
template <class T>
std::vector<T> part_of(const std::vector<T>& values, const Share& share) {
  if (share.whole == 0) return {};
  const auto rows = static_cast<std::ptrdiff_t>(values.size()) / share.whole;
  return {values.begin() + share.begin * rows, values.begin() + share.end * rows};
}

inline Batch part_of(const Batch& batch, const Share& share) {
  return {.images = part_of(batch.images, share),
          .labels = part_of(batch.labels, share),
          .weights = part_of(batch.weights, share),
          .targets = part_of(batch.targets, share)};
}

/// Completes `whole` with the labels, weights and soft targets that each worker has given to its own part.
///
/// Images whose worker gives no weights count 1. All workers give soft targets or none does.
inline void gather_labels(Batch& whole, const Batch& part, const Share& share, Workers* workers) {
  if (workers == nullptr) {
    whole = part;
    return;
  }
  const auto images = static_cast<std::size_t>(share.whole), first = static_cast<std::size_t>(share.begin);
  std::vector<double> sent(2 + 2 * images, 0);
  if (share.counts) {
    sent[0] = part.weights.empty() ? 0 : 1;
    sent[1] = static_cast<double>(part.targets.size());
    for (std::size_t i = 0; i < part.labels.size(); ++i) {
      sent[2 + first + i] = static_cast<double>(part.labels[i]);
      sent[2 + images + first + i] = part.weights.empty() ? 1 : static_cast<double>(part.weights[i]);
    }
  }
  const std::vector<double> got = sums_over(workers, std::move(sent));
  const auto labels = got.begin() + 2, weights = labels + share.whole;
  whole.labels.assign(labels, weights);
  whole.weights.clear();
  if (got[0] > 0) whole.weights.assign(weights, got.end());
  std::vector<double> targets(static_cast<std::size_t>(got[1]), 0);
  if (share.counts) {
    const auto row = share.whole == 0 ? 0 : static_cast<std::ptrdiff_t>(targets.size()) / share.whole;
    std::copy(part.targets.begin(), part.targets.end(), targets.begin() + share.begin * row);
  }
  targets = sums_over(workers, std::move(targets));
  whole.targets.assign(targets.begin(), targets.end());
}

/// Whether some image of a batch counts.
inline bool trains(const Batch& batch) {
  return batch.weights.empty() || std::ranges::any_of(batch.weights, [](float weight) { return weight > 0; });
}

/// What the losses of a part count in those of the whole: the parts' sum is the whole's mean.
struct LossShare {
  double task = 1;       ///< by weight
  double auxiliary = 1;  ///< by number of images
};

inline LossShare loss_share(const Batch& whole, const Share& share) {
  if (!share.counts) return {0, 0};
  LossShare result;
  result.task = result.auxiliary = static_cast<double>(share.size()) / static_cast<double>(share.whole);
  if (!whole.weights.empty()) {
    const auto sum = [&](std::int64_t begin, std::int64_t end) {
      return std::accumulate(whole.weights.begin() + begin, whole.weights.begin() + end, 0.0);
    };
    result.task = sum(share.begin, share.end) / sum(0, share.whole);
  }
  return result;
}

/// A batch of which this process computes a part; without workers the part is the whole.
class SharedBatch {
 public:
  /// Refers to `whole`, which gets the labels of all parts.
  SharedBatch(Batch& whole, Workers* workers)
      : whole_(whole), workers_(workers), share_(share_of(whole.size(), workers)), part_(part_of(whole, share_)) {}

  [[nodiscard]] std::int64_t size() const { return part_.size(); }
  [[nodiscard]] const Batch& part() const { return part_; }

  /// Completes the whole with what each process gave to its own part.
  void gather_labels(Batch part) {
    mao::gather_labels(whole_, part, share_, workers_);
    part_ = part_of(whole_, share_);
  }

  /// What the part's losses count in those of the whole. A part without weight loses its weights: its loss is a number,
  /// times 0.
  LossShare counts() {
    const LossShare counts = loss_share(whole_, share_);
    if (counts.task == 0) part_.weights.clear();
    return counts;
  }

  /// Loss and accuracy of the whole batch from those of the part; the loss has been counted already.
  [[nodiscard]] std::pair<double, double> sums(double loss, double accuracy) const {
    const std::vector<double> all = sums_over(workers_, {loss, accuracy * loss_share(whole_, share_).auxiliary});
    return {all[0], all[1]};
  }

 private:
  Batch& whole_;
  Workers* workers_;
  Share share_;
  Batch part_;
};

/// **Throws** `OptionError` when `workers` are several and the losses are no sum over parts of a batch. `name` is the
/// step's.
template <Backbone BackboneT, Regularizer RegularizerT>
void expect_shareable(const Workers* workers, const BackboneT& backbone, const RegularizerT& regularizer,
                      const std::string& name) {
  if (workers == nullptr || workers->count() == 1) return;
  const std::string ending = text_of(", so ", workers->count(),
                                     " processes cannot share a batch; train it in one process (mao sweep keeps "
                                     "several busy with a training each)");
  require<OptionError>(!traits_of(backbone).needs_whole_batch, name,
                       ": this method looks at the images of a batch together (batch normalisation) or takes gradients "
                       "of its own (token saliencies, a second prompt)",
                       ending);
  if constexpr (requires { regularizer.needs_whole_batch(); }) {
    require<OptionError>(!regularizer.needs_whole_batch(), name,
                         ": this loss compares the images of a batch with each other", ending);
  }
}

/// **Throws** `OptionError` when `workers` are several and a labeller keeps a state: each would see its part alone.
template <class SamplerT>
void expect_shareable_labels(const Workers* workers, const std::string& name) {
  if constexpr (LabelsBatches<SamplerT> && KeepsState<SamplerT>) {
    require<OptionError>(workers == nullptr || workers->count() == 1, name,
                         ": this labeller keeps a state, and each process would show it a part of the images; train in "
                         "one process");
  }
}

/// **Throws** `OptionError` on every worker unless all of them start from the same state.
inline void expect_same_start(Workers* workers, int epochs_done, const ParameterList& parameters,
                              const std::string& name) {
  if (workers == nullptr) return;
  expect_agreement(workers, epochs_done, name + ": the number of epochs that are done");
  double sum = 0;
  for (const Parameter& parameter : parameters) sum += parameter.value.detach().abs().sum().item<double>();
  expect_agreement(workers, sum, name + ": the sum of what is learned");
}

}  // namespace mao
