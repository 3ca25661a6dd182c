// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Plain shuffled batches of labelled images.

#include <algorithm>
#include <cstdint>
#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/core/detail/policy_text.hpp>
#include <mao/sampling/concepts.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/chunk.hpp>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>
#include <string>
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

/// **Throws** `DataError` unless there are images, classes, and every label is a position in the list, `OptionError`
/// for a batch of none.
inline void require_batches(std::string_view who, const std::vector<std::int64_t>& labels, const ClassList& classes,
                            int batch) {
  require<OptionError>(batch >= 1, who, ": batch = ", batch, ", expected at least 1");
  require<DataError>(!labels.empty(), who, ": no images, expected the label of at least one");
  require<DataError>(classes.size() > 0, who, ": the class list is empty, expected the classes that the ",
                     labels.size(), " labels are positions in");
  const auto outside = std::ranges::find_if(labels, [&](auto label) { return label < 0 || label >= classes.size(); });
  require<DataError>(outside == labels.end(), who, ": image ", outside - labels.begin(), " has the label ",
                     outside == labels.end() ? 0 : *outside, ", expected 0 to ", classes.size() - 1, ", a position in ",
                     class_text(classes), "; leave images of other classes and unlabelled ones out");
}

}  // namespace detail

/// Every image once per epoch, in random order.
///
/// `labels[i]` is the label of image i of the `ImageSource` that the tuner reads from, a position in `classes`.
class ShuffledSampler {
 public:
  using Options = ShuffledOptions;

  /// **Throws** `OptionError` for a batch of none, `DataError` for no images or a label outside the list.
  ShuffledSampler(std::vector<std::int64_t> labels, ClassList classes, Options options = {})
      : labels_(std::move(labels)), classes_(std::move(classes)), options_(options) {
    detail::require_batches("ShuffledSampler", labels_, classes_, options_.batch);
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

  [[nodiscard]] std::int64_t images() const { return static_cast<std::int64_t>(labels_.size()); }
  [[nodiscard]] const ClassList& classes() const { return classes_; }  ///< that the labels are positions in
  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings, to be compared with those of a saved training.
  [[nodiscard]] std::string describe() const {
    return text_of("ShuffledSampler of ", labels_.size(), " images, batch ", options_.batch, ", drop_last ",
                   detail::yes_or_no(options_.drop_last));
  }

 private:
  std::vector<std::int64_t> labels_;
  ClassList classes_;
  Options options_;
};
static_assert(Sampler<ShuffledSampler> && StatesClasses<ShuffledSampler> && CountsImages<ShuffledSampler>);

}  // namespace mao
