// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pictures that a data set lists twice: under different names in training and test or in two classes, or in two rows
/// of one split.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <mao/io/files.hpp>

#include "interrupt.hpp"
#include "runs/data_fingerprint.hpp"
#include "runs/on_threads.hpp"

namespace mao {

/// A listed picture: where it is in the data set.
struct ListedPicture {
  std::string path;  ///< relative to the data set's root
  std::string split, class_name;

  friend bool operator==(const ListedPicture&, const ListedPicture&) = default;
};

/// Two files with the same bytes, one in training and one in test, or of two classes.
struct DuplicatePicture {
  ListedPicture first, second;  ///< in the order of the lists

  [[nodiscard]] bool of_two_classes() const { return first.class_name != second.class_name; }
  friend bool operator==(const DuplicatePicture&, const DuplicatePicture&) = default;
};

namespace detail {

/// Every path of the lists once, in their order.
inline std::vector<ListedPicture> listed_pictures(const Dataset& dataset) {
  std::vector<ListedPicture> all;
  std::set<std::string> seen;
  for (const auto& [split, items] :
       {std::pair{"train", &dataset.train}, {"val", &dataset.val}, {"test", &dataset.test}}) {
    for (const Item& item : *items) {
      if (!seen.insert(item.path).second) continue;
      all.push_back({item.path, split, dataset.classes.names.at(static_cast<std::size_t>(item.label))});
    }
  }
  return all;
}

/// Whether a picture that stands in both places makes a number wrong.
inline bool conflict(const ListedPicture& a, const ListedPicture& b) {
  const bool trained_and_tested =
      (a.split == "train" && b.split == "test") || (a.split == "test" && b.split == "train");
  return trained_and_tested || a.class_name != b.class_name;
}

inline bool same_bytes(const std::filesystem::path& a, const std::filesystem::path& b) {
  try {
    return read_text_file(a) == read_text_file(b);
  } catch (const FileError&) {  // it has gone meanwhile
    return false;
  }
}

/// The pictures behind the first of a group of files whose sizes and ends are the same.
inline void add_duplicates(const std::filesystem::path& root, const std::vector<ListedPicture>& group,
                           std::vector<DuplicatePicture>& found) {
  for (std::size_t i = 1; i < group.size(); ++i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (!conflict(group[earlier], group[i]) || !same_bytes(root / group[earlier].path, root / group[i].path))
        continue;
      found.push_back({group[earlier], group[i]});
      break;
    }
  }
}

}  // namespace detail

/// The rows that list a picture again in their split, whichever way its path is written, in the order of the lists.
/// Such a picture counts as often as it is listed, as in CoOp.
inline std::vector<ListedPicture> repeated_pictures(const Dataset& dataset) {
  std::vector<ListedPicture> repeated;
  for (const auto& [split, items] :
       {std::pair{"train", &dataset.train}, {"val", &dataset.val}, {"test", &dataset.test}}) {
    std::set<std::string> seen;
    for (const Item& item : *items) {
      if (seen.insert(std::filesystem::path(item.path).lexically_normal().generic_string()).second) continue;
      repeated.push_back({item.path, split, dataset.classes.names.at(static_cast<std::size_t>(item.label))});
    }
  }
  return repeated;
}

/// One line: `2 rows list a picture again: 1 of train (a/1.png), 1 of test (b/2.png), so it counts twice`. Empty
/// without such rows.
inline std::string repeats_text(const std::vector<ListedPicture>& repeated) {
  std::string text;
  for (const char* split : {"train", "val", "test"}) {
    const auto first = std::ranges::find(repeated, split, &ListedPicture::split);
    if (first == repeated.end()) continue;
    const auto count = std::ranges::count(repeated, split, &ListedPicture::split);
    text += text_of(text.empty() ? "" : ", ", count, " of ", split, " (", printable(first->path),
                    count > 1 ? ", ...)" : ")");
  }
  if (text.empty()) return {};
  const bool one = repeated.size() == 1;
  return text_of(repeated.size(), one ? " row lists" : " rows list", " an image again: ", text,
                 "; an image counts as often as it is listed");
}

/// Each picture with the first one before it that has the same bytes and is of another class, or is tested where it is
/// trained on. Files that are not there are passed over; whole files are read only where size and both ends agree.
/// `threads`: 0 is one per CPU.
inline std::vector<DuplicatePicture> duplicate_pictures(const Dataset& dataset, int threads = 0) {
  const std::vector<ListedPicture> pictures = detail::listed_pictures(dataset);
  std::vector<std::pair<std::uintmax_t, std::uint64_t>> keys(pictures.size());
  const auto cpus = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  detail::on_threads(pictures.size(), threads > 0 ? threads : cpus, [&](std::size_t i) {
    mao_program::expect_no_stop();
    const std::filesystem::path file = dataset.root / pictures[i].path;
    std::error_code absent;
    const std::uintmax_t size = std::filesystem::file_size(file, absent);
    if (!absent && size > 0) keys[i] = {size, detail::ends_of_file(file)};
  });
  std::map<std::pair<std::uintmax_t, std::uint64_t>, std::vector<ListedPicture>> groups;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (keys[i].first > 0) groups[keys[i]].push_back(pictures[i]);
  }
  std::vector<DuplicatePicture> found;
  for (const auto& [key, group] : groups) detail::add_duplicates(dataset.root, group, found);
  std::ranges::sort(found, {}, [](const DuplicatePicture& pair) { return pair.second.path; });
  return found;
}

}  // namespace mao
