// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Images that lie beside those of a list and are not in it.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/folder.hpp>

namespace mao {

/// The images in the folders of listed images that no split lists, by their paths below the data set's root.
inline std::vector<std::string> unlisted_images(const Dataset& dataset) {
  namespace fs = std::filesystem;
  std::set<std::string> listed;
  std::set<fs::path> folders;
  for (const auto* items : {&dataset.train, &dataset.val, &dataset.test}) {
    for (const Item& item : *items) {
      const fs::path path = fs::path(item.path).lexically_normal();
      listed.insert(path.generic_string());
      folders.insert(path.parent_path());
    }
  }
  std::vector<std::string> unlisted;
  for (const fs::path& folder : folders) {
    std::error_code failure;
    for (fs::directory_iterator entry(dataset.root / folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      std::error_code no_file;
      const std::string path = (folder / entry->path().filename()).generic_string();
      const bool is_image = entry->is_regular_file(no_file) && detail::is_image_name(entry->path());
      if (is_image && !listed.contains(path)) unlisted.push_back(path);
    }
  }
  std::ranges::sort(unlisted);
  return unlisted;
}

/// `12 images beside the listed ones are in no row (a/7.png, ...); mao does not use them`; empty without such images.
inline std::string unlisted_text(const std::vector<std::string>& unlisted) {
  if (unlisted.empty()) return {};
  const bool one = unlisted.size() == 1;
  return text_of(unlisted.size(), one ? " image" : " images", " beside the listed ones ", one ? "is" : "are",
                 " in no row (", printable(unlisted.front()), one ? ")" : ", ...)", "; mao does not use ",
                 one ? "it" : "them");
}

}  // namespace mao
