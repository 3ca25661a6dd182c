// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Plain shuffled batches of labelled images.

#include <algorithm>
#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/sampling/concepts.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/chunk.hpp>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace mao {

/// Settings of `ShuffledSampler`.
struct ShuffledOptions {
  int batch = 32;
  bool drop_last = true;  ///< leave a short last batch out, unless it is the only one
};

namespace detail {

/// Positions 0 .. count-1 in random order, cut into groups of `batch`.
inline std::vector<std::vector<std::int64_t>> shuffled_groups(std::int64_t count, int batch, bool drop_last, Rng& rng) {
  auto order = ranges::views::iota(std::int64_t{0}, count) | ranges::to<std::vector>();
  rng.shuffle(order);
  auto groups = order | ranges::views::chunk(batch) |
                ranges::views::transform([](auto&& group) { return group | ranges::to<std::vector>(); }) |
                ranges::to<std::vector>();
  const bool short_last = groups.size() > 1 && groups.back().size() < static_cast<std::size_t>(batch);
  if (drop_last && short_last) groups.pop_back();
  return groups;
}

/// The labels at these positions.
inline std::vector<std::int64_t> labels_at(const std::vector<std::int64_t>& labels,
                                           const std::vector<std::int64_t>& positions) {
  return positions | ranges::views::transform([&](std::int64_t i) { return labels[static_cast<std::size_t>(i)]; }) |
         ranges::to<std::vector>();
}

/// **Throws** `DataError` unless there are images and no label is negative, `OptionError` for a batch of none.
inline void require_batches(std::string_view who, const std::vector<std::int64_t>& labels, int batch) {
  require<OptionError>(batch >= 1, who, ": batch = ", batch, ", expected at least 1");
  require<DataError>(!labels.empty(), who, ": no images, expected the label of at least one");
  const auto negative = std::ranges::find_if(labels, [](std::int64_t label) { return label < 0; });
  require<DataError>(negative == labels.end(), who, ": image ", negative - labels.begin(), " has the label ",
                     negative == labels.end() ? 0 : *negative, ", expected 0 or above; leave unlabelled images out");
}

}  // namespace detail

/// Every image once per epoch, in random order.
///
/// `labels[i]` is the label of image i of the `ImageSource` that the tuner reads from.
class ShuffledSampler {
 public:
  using Options = ShuffledOptions;

  /// **Throws** `OptionError` for a batch of none, `DataError` for no images or a negative label.
  explicit ShuffledSampler(std::vector<std::int64_t> labels, Options options = {})
      : labels_(std::move(labels)), options_(options) {
    detail::require_batches("ShuffledSampler", labels_, options_.batch);
  }

  /// The batches of one epoch.
  [[nodiscard]] std::vector<Batch> epoch(Rng& rng) const {
    const auto count = static_cast<std::int64_t>(labels_.size());
    std::vector<Batch> batches;
    for (auto& images : detail::shuffled_groups(count, options_.batch, options_.drop_last, rng)) {
      auto labels = detail::labels_at(labels_, images);
      batches.push_back({.images = std::move(images), .labels = std::move(labels), .weights = {}});
    }
    return batches;
  }

  [[nodiscard]] const Options& options() const { return options_; }

 private:
  std::vector<std::int64_t> labels_;
  Options options_;
};
static_assert(Sampler<ShuffledSampler>);

}  // namespace mao
