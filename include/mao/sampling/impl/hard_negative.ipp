// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/sampling/hard_negative.hpp>

#include <algorithm>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE Batch expanded_batch(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& anchors,
                                const std::vector<std::vector<std::int64_t>>& negatives,
                                const std::vector<std::vector<std::int64_t>>& images_of, Rng& rng) {
  Batch batch;
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    batch.images.push_back(anchors[i]);
    for (const auto label : negatives[i]) {
      const auto& images = images_of[static_cast<std::size_t>(label)];
      batch.images.push_back(images[static_cast<std::size_t>(rng.below(images.size()))]);
    }
  }
  batch.labels = labels_at(labels, batch.images);
  return batch;
}

MAO_INLINE void require_negatives(std::string_view who, const HardNegativeOptions& options,
                                  const std::vector<std::int64_t>& labels, const ClassList& list) {
  require_batches(who, labels, list, options.batch);
  const std::int64_t classes = list.size();
  require<OptionError>(options.k >= 1, who, ": k = ", options.k, ", expected at least 1");
  require<OptionError>(options.k <= classes, who, ": k = ", options.k, " of only ", classes,
                       " classes; automatic_batch(", classes, ") chooses a batch and a k that fit");
  require<OptionError>(options.minimum >= 0, who, ": minimum = ", options.minimum, ", expected 0 or above");
}

MAO_INLINE std::vector<std::vector<std::int64_t>> images_by_class(std::string_view who,
                                                                  const std::vector<std::int64_t>& labels,
                                                                  const ClassList& classes) {
  std::vector<std::vector<std::int64_t>> images(static_cast<std::size_t>(classes.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    images[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int64_t>(i));
  }
  const auto empty = std::ranges::find_if(images, [](const auto& of_class) { return of_class.empty(); });
  require<DataError>(empty == images.end(), who, ": class ", empty - images.begin(), " '",
                     empty == images.end() ? "" : classes.names[static_cast<std::size_t>(empty - images.begin())],
                     "' has no image; leave it out of the class list or give it one");
  return images;
}

}  // namespace mao::detail
