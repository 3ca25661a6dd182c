// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The part of a batch that each worker computes, and its weight in the loss of the whole batch.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/core/error.hpp>
#include <mao/parallel/workers.hpp>
#include <mao/regularizers/concepts.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

/// Images `begin` .. `end` - 1 of a batch of `whole`.
struct Share {
  std::int64_t begin = 0, end = 0, whole = 0;
  /// False if there are fewer images than workers and this worker computes an image that counts for another worker, so
  /// that all take the same steps.
  bool counts = true;

  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

/// Contiguous parts whose sizes differ by at most one. Without workers, the whole batch.
Share share_of(std::int64_t images, const Workers* workers);

/// The share's part of `values`, which has `values.size() / share.whole` values per image.
template <class T>
std::vector<T> part_of(const std::vector<T>& values, const Share& share) {
  if (share.whole == 0) return {};
  const auto rows = static_cast<std::ptrdiff_t>(values.size()) / share.whole;
  return {values.begin() + share.begin * rows, values.begin() + share.end * rows};
}

Batch part_of(const Batch& batch, const Share& share);

/// Completes `whole` with the labels, weights and soft targets that each worker assigned to its own part.
///
/// Images of a worker without weights have weight 1. Either all workers have soft targets or none.
void gather_labels(Batch& whole, const Batch& part, const Share& share, Workers* workers);

/// True if at least one image of a batch counts.
inline bool trains(const Batch& batch) {
  return batch.weights.empty() || std::ranges::any_of(batch.weights, [](float weight) { return weight > 0; });
}

/// The weights of a part's losses in those of the whole batch: the sum over parts is the mean over the batch.
struct LossShare {
  double task = 1;       ///< by weight
  double auxiliary = 1;  ///< by number of images
};

LossShare loss_share(const Batch& whole, const Share& share);

/// A batch of which this process computes a part; without workers, the part is the whole batch.
class SharedBatch {
 public:
  /// Refers to `whole`, which gets the labels of all parts.
  SharedBatch(Batch& whole, Workers* workers)
      : whole_(whole), workers_(workers), share_(share_of(whole.size(), workers)), part_(part_of(whole, share_)) {}

  [[nodiscard]] std::int64_t size() const { return part_.size(); }
  [[nodiscard]] const Batch& part() const { return part_; }

  /// Completes the whole batch with the labels of all parts.
  void gather_labels(Batch part);

  /// The weights of the part's losses in those of the whole batch. A part with total weight 0 drops its weights, so
  /// that its loss is a finite number, times 0.
  LossShare counts();

  /// Loss and accuracy of the whole batch from those of the part; the loss is already weighted.
  [[nodiscard]] std::pair<double, double> sums(double loss, double accuracy) const;

 private:
  Batch& whole_;
  Workers* workers_;
  Share share_;
  Batch part_;
};

/// True if a loss compares the images of a batch with each other.
template <Regularizer RegularizerT>
bool compares_images(const RegularizerT& regularizer) {
  if constexpr (requires { regularizer.needs_whole_batch(); }) return regularizer.needs_whole_batch();
  return false;
}

/// **Throws** `OptionError` if there are several `workers` and the losses are not a sum over parts of a batch: a method
/// that needs the whole batch, or a loss that `compares_images`. `name` is that of the stage.
void expect_shareable(const Workers* workers, const BackboneTraits& backbone, bool compares_images,
                      const std::string& name);

/// A sampler whose labeller has a state.
template <class SamplerT>
concept LabelsFromState = LabelsBatches<SamplerT> && KeepsState<SamplerT>;

/// **Throws** `OptionError` if there are several `workers` and a labeller has a state (`LabelsFromState`), because each
/// worker would see only its own part.
void expect_shareable_labels(const Workers* workers, bool labels_from_state, const std::string& name);

/// **Throws** `OptionError` on every worker unless all of them start from the same state.
void expect_same_start(Workers* workers, int epochs_done, const ParameterList& parameters, const std::string& name);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/impl/shares.ipp>
#endif
