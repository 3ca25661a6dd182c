// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the numbers of a run depend on in its data, so that a change is noticed.

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mao/io/checksum.hpp>
#include <mao/core/detail/content_hash.hpp>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include "interrupt.hpp"
#include "runs/on_threads.hpp"
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mao {

/// Each part of a data set, in words, to its number and a hash. Validation images are not included: no run reads them.
using DataFingerprint = std::map<std::string, std::string>;

namespace detail {

inline constexpr const char* fingerprint_version = "fingerprint version";
inline constexpr const char* file_contents = " file contents";

/// XXH64 over the first and the last 4 KiB of a file, over all of it where it is no longer; 0 where it cannot be read.
inline std::uint64_t ends_of_file(const std::filesystem::path& path) {
  constexpr std::streamoff most = 4096;
  std::error_code absent;
  if (!std::filesystem::is_regular_file(path, absent)) return 0;  // a pipe would wait
  std::ifstream in(path, std::ios::binary);
  std::array<char, most> bytes;
  Checksum sum;
  const auto add = [&] {
    in.read(bytes.data(), most);
    sum.add(bytes.data(), static_cast<std::size_t>(in.gcount()));
  };
  if (!in) return 0;
  add();
  if (in) {
    in.seekg(0, std::ios::end);
    in.seekg(std::max(most, static_cast<std::streamoff>(in.tellg()) - most));
    add();
  }
  return sum.value();
}

/// Of at most 10,000 files, evenly spread over those that are listed, so that a million of them takes no minutes.
inline std::string contents_part(const Dataset& dataset, const std::vector<Item>& items) {
  constexpr std::size_t most = 10'000;
  const std::size_t step = items.size() / most + (items.size() % most == 0 ? 0 : 1);
  std::vector<std::uint64_t> sums(step == 0 ? 0 : (items.size() + step - 1) / step);
  const auto threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 8);
  on_threads(sums.size(), threads, [&](std::size_t i) {
    mao_program::expect_no_stop();
    sums[i] = ends_of_file(dataset.root / items[i * step].path);
  });
  ContentHash hash;
  hash.add(sums.data(), sums.size() * sizeof(std::uint64_t));
  return text_of(sums.size(), ", ", hash.text());
}

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
  parts[kind + file_contents] = contents_part(dataset, items);
}

}  // namespace detail

/// The images that a fingerprint is about.
enum class FingerprintOf { All, Training, Test };

/// Class names, and paths, labels, file sizes and contents (both ends of each file, of up to 10,000) of training and
/// test images, or of one of both. A file that is not there is a size too.
inline DataFingerprint fingerprint_of(const Dataset& dataset, FingerprintOf images = FingerprintOf::All) {
  DataFingerprint parts;
  parts[detail::fingerprint_version] = "2";
  parts["class names"] = detail::fingerprint_part(
      dataset.classes.names, [](detail::ContentHash& hash, const std::string& name) { hash.add(name); });
  if (images != FingerprintOf::Test) detail::fingerprint_items(parts, dataset, dataset.train, "training");
  if (images != FingerprintOf::Training) detail::fingerprint_items(parts, dataset, dataset.test, "test");
  return parts;
}

/// `class names, training labels`: the parts that differ or that one side lacks; empty when the data is the same. A
/// fingerprint without a version, as older runs have it, knows no contents of files: those are not compared then.
inline std::string changed_parts(const DataFingerprint& before, const DataFingerprint& now) {
  DataFingerprint all = before;
  all.insert(now.begin(), now.end());
  std::string text;
  const bool older = !before.contains(detail::fingerprint_version) || !now.contains(detail::fingerprint_version);
  for (const auto& [part, unused] : all) {
    if (older && (part == detail::fingerprint_version || part.ends_with(detail::file_contents))) continue;
    const auto then = before.find(part), later = now.find(part);
    const bool same = then != before.end() && later != now.end() && then->second == later->second;
    if (!same) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

/// The same of the parts that `now` has: those that it lacks are not compared.
inline std::string changed_among(const DataFingerprint& now, DataFingerprint before) {
  std::erase_if(before, [&](const auto& part) { return !now.contains(part.first); });
  return changed_parts(before, now);
}

}  // namespace mao
