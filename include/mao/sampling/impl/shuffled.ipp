// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/sampling/shuffled.hpp>

#include <algorithm>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/chunk.hpp>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE std::vector<std::vector<std::int64_t>> shuffled_groups(std::int64_t count, int batch, bool drop_last,
                                                                  Rng& rng) {
  auto order = ranges::views::iota(std::int64_t{0}, count) | ranges::to<std::vector>();
  rng.shuffle(order);
  auto groups = order | ranges::views::chunk(batch) |
                ranges::views::transform([](auto&& group) { return group | ranges::to<std::vector>(); }) |
                ranges::to<std::vector>();
  const bool short_last = groups.size() > 1 && groups.back().size() < static_cast<std::size_t>(batch);
  if (drop_last && short_last) groups.pop_back();
  return groups;
}

MAO_INLINE std::vector<std::int64_t> labels_at(const std::vector<std::int64_t>& labels,
                                               const std::vector<std::int64_t>& positions) {
  return positions | ranges::views::transform([&](std::int64_t i) { return labels[static_cast<std::size_t>(i)]; }) |
         ranges::to<std::vector>();
}

MAO_INLINE void require_batches(std::string_view who, const std::vector<std::int64_t>& labels, const ClassList& classes,
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

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::vector<Batch> ShuffledSampler::epoch(Rng& rng) const {
  const auto count = static_cast<std::int64_t>(labels_.size());
  std::vector<Batch> batches;
  for (auto& images : detail::shuffled_groups(count, options_.batch, options_.drop_last, rng)) {
    auto labels = detail::labels_at(labels_, images);
    batches.push_back({.images = std::move(images), .labels = std::move(labels), .weights = {}});
  }
  return batches;
}

}  // namespace mao
