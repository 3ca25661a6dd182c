// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the numbers of a run depend on in its data, so that a change is noticed.

#include <cstdint>
#include <filesystem>
#include <mao/core/content_hash.hpp>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace mao {

/// Each part of a data set, in words, to its number and a hash. Validation images are no part: no run reads them.
using DataFingerprint = std::map<std::string, std::string>;

namespace detail {

template <class Element, class AddTo>
std::string fingerprint_part(const std::vector<Element>& elements, const AddTo& add) {
  ContentHash hash;
  for (const Element& element : elements) add(hash, element);
  return text_of(elements.size(), ", ", hash.text());
}

inline void fingerprint_items(DataFingerprint& parts, const Dataset& dataset, const std::vector<Item>& items,
                              const std::string& kind) {
  parts[kind + " paths"] = fingerprint_part(items, [](ContentHash& hash, const Item& item) { hash.add(item.path); });
  parts[kind + " labels"] =
      fingerprint_part(items, [](ContentHash& hash, const Item& item) { hash.add(std::to_string(item.label)); });
  parts[kind + " file sizes"] = fingerprint_part(items, [&](ContentHash& hash, const Item& item) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(dataset.root / item.path, absent);
    hash.add(absent ? "absent" : std::to_string(size));
  });
}

}  // namespace detail

/// Class names, and paths, labels and file sizes of training and test images. A file that is not there is a size too.
inline DataFingerprint fingerprint_of(const Dataset& dataset) {
  DataFingerprint parts;
  parts["class names"] = detail::fingerprint_part(
      dataset.classes.names, [](detail::ContentHash& hash, const std::string& name) { hash.add(name); });
  detail::fingerprint_items(parts, dataset, dataset.train, "training");
  detail::fingerprint_items(parts, dataset, dataset.test, "test");
  return parts;
}

/// `class names, training labels`: the parts that differ or that one side lacks; empty when the data is the same.
inline std::string changed_parts(const DataFingerprint& before, const DataFingerprint& now) {
  DataFingerprint all = before;
  all.insert(now.begin(), now.end());
  std::string text;
  for (const auto& [part, unused] : all) {
    const auto then = before.find(part), later = now.find(part);
    const bool same = then != before.end() && later != now.end() && then->second == later->second;
    if (!same) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

}  // namespace mao
