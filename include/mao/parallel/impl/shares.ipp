// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/parallel/shares.hpp>

#include <numeric>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE Share share_of(std::int64_t images, const Workers* workers) {
  if (workers == nullptr) return {.end = images, .whole = images};
  const std::int64_t rank = workers->rank(), count = workers->count();
  const Share share{.begin = images * rank / count, .end = images * (rank + 1) / count, .whole = images};
  if (share.size() > 0) return share;
  return {.end = std::min<std::int64_t>(1, images), .whole = images, .counts = false};
}

MAO_INLINE Batch part_of(const Batch& batch, const Share& share) {
  return {.images = part_of(batch.images, share),
          .labels = part_of(batch.labels, share),
          .weights = part_of(batch.weights, share),
          .targets = part_of(batch.targets, share)};
}

MAO_INLINE void gather_labels(Batch& whole, const Batch& part, const Share& share, Workers* workers) {
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

MAO_INLINE LossShare loss_share(const Batch& whole, const Share& share) {
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

MAO_INLINE void SharedBatch::gather_labels(Batch part) {
  mao::gather_labels(whole_, part, share_, workers_);
  part_ = part_of(whole_, share_);
}

MAO_INLINE LossShare SharedBatch::counts() {
  const LossShare counts = loss_share(whole_, share_);
  if (counts.task == 0) part_.weights.clear();
  return counts;
}

MAO_INLINE std::pair<double, double> SharedBatch::sums(double loss, double accuracy) const {
  const std::vector<double> all = sums_over(workers_, {loss, accuracy * loss_share(whole_, share_).auxiliary});
  return {all[0], all[1]};
}

MAO_INLINE void expect_shareable(const Workers* workers, const BackboneTraits& backbone, bool compares_images,
                                 const std::string& name) {
  if (workers == nullptr || workers->count() == 1) return;
  const std::string ending = text_of(", so ", workers->count(),
                                     " processes cannot share a batch; train it in one process (mao sweep keeps "
                                     "several busy with a training each)");
  require<OptionError>(
      !backbone.needs_whole_batch, name,
      ": this method processes the images of a batch together (batch normalisation) or computes gradients "
      "of its own (token saliencies, a second prompt)",
      ending);
  require<OptionError>(!compares_images, name, ": this loss compares the images of a batch with each other", ending);
}

MAO_INLINE void expect_shareable_labels(const Workers* workers, bool labels_from_state, const std::string& name) {
  require<OptionError>(!labels_from_state || workers == nullptr || workers->count() == 1, name,
                       ": this labeller keeps a state, and each process would show it a part of the images; train in "
                       "one process");
}

MAO_INLINE void expect_same_start(Workers* workers, int epochs_done, const ParameterList& parameters,
                                  const std::string& name) {
  if (workers == nullptr) return;
  expect_agreement(workers, epochs_done, name + ": the number of epochs that are done");
  double sum = 0;
  for (const Parameter& parameter : parameters) sum += parameter.value.detach().abs().sum().item<double>();
  expect_agreement(workers, sum, name + ": the sum of what is learned");
}

}  // namespace mao
