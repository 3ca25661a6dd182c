// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/aircraft.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/io/text_file.hpp>

namespace mao::detail {

/// Lines `image-number variant`.
MAO_INLINE std::vector<Item> aircraft_items(const std::filesystem::path& file,
                                            const std::map<std::string, std::int64_t>& labels) {
  std::vector<Item> items;
  const auto lines = trimmed_lines(read_utf8_file(file));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const auto gap = lines[i].find(' ');
    require<FormatError>(gap != std::string::npos && gap > 0, file.string(), ": line ", i + 1, ": '", lines[i],
                         "'; expected the number of an image, a space, and a variant");
    const std::string variant = lines[i].substr(lines[i].find_first_not_of(' ', gap));
    const auto label = labels.find(variant);
    require<DataError>(label != labels.end(), file.string(), ": line ", i + 1, ": the variant '", variant,
                       "' is not in variants.txt, which has ", labels.size(), "; use both files from the same archive");
    items.push_back({lines[i].substr(0, gap) + ".jpg", label->second});
  }
  return items;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Dataset read_aircraft(const std::filesystem::path& folder) {
  Dataset dataset;
  dataset.root = folder / "images";
  std::map<std::string, std::int64_t> labels;
  for (const std::string& variant : trimmed_lines(read_utf8_file(folder / "variants.txt"))) {
    if (variant.empty()) continue;
    labels[variant] = dataset.classes.size();
    dataset.classes.names.push_back(variant);
  }
  const std::array splits{std::pair{"train", &dataset.train}, std::pair{"val", &dataset.val},
                          std::pair{"test", &dataset.test}};
  for (const auto& [split, items] : splits) {
    *items = detail::aircraft_items(folder / (std::string("images_variant_") + split + ".txt"), labels);
  }
  check(dataset, folder.string());
  return dataset;
}

}  // namespace mao
