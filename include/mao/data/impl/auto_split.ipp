// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/auto_split.hpp>

#include <algorithm>
#include <cmath>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/core/random.hpp>

namespace mao::detail {

/// **Throws** `DataError` that lists the classes with fewer than two images, and how many they have.
MAO_INLINE void expect_two_images(const ClassList& classes, const std::vector<std::vector<Item>>& by_class,
                                  const std::string& source) {
  constexpr std::size_t most = 5;
  std::string names;
  std::size_t few = 0;
  for (std::size_t label = 0; label < by_class.size(); ++label) {
    const std::size_t count = by_class[label].size();
    if (count >= 2 || ++few > most) continue;
    names +=
        text_of(few == 1 ? "class '" : ", '", classes.names[label], "' has ", count, count == 1 ? " image" : " images");
  }
  if (few > most) names += text_of(", and ", few - most, " more have fewer than 2");
  require<DataError>(few == 0, source, ": ", names, "; splitting into train and test needs at least 2");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void split_automatically(Dataset& dataset, const std::vector<Item>& items, std::uint64_t seed,
                                    const std::string& source) {
  std::vector<std::vector<Item>> by_class(dataset.classes.names.size());
  for (const Item& item : items) by_class.at(static_cast<std::size_t>(item.label)).push_back(item);
  detail::expect_two_images(dataset.classes, by_class, source);
  for (std::size_t label = 0; label < by_class.size(); ++label) {
    auto& images = by_class[label];
    const std::string& name = dataset.classes.names[label];
    std::ranges::sort(images, {}, &Item::path);
    Rng(seed)["split"][name].shuffle(images);
    const auto part = [&](double share) { return std::lround(share * static_cast<double>(images.size())); };
    const auto count = static_cast<long>(images.size());
    const long train = std::clamp(part(0.5), 1L, count - 1);
    const long val = std::clamp(part(0.2), 0L, count - 1 - train);
    dataset.train.insert(dataset.train.end(), images.begin(), images.begin() + train);
    dataset.val.insert(dataset.val.end(), images.begin() + train, images.begin() + train + val);
    dataset.test.insert(dataset.test.end(), images.begin() + train + val, images.end());
  }
}

}  // namespace mao
