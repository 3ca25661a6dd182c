// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/folder.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <system_error>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/auto_split.hpp>

namespace mao::detail {

MAO_INLINE bool is_image_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || (reads_webp && extension == ".webp");
}

MAO_INLINE std::vector<std::string> names_in(const std::filesystem::path& folder, bool folders) {
  std::error_code failure;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    std::error_code no_folder;  // a link that leads nowhere, or in a circle
    if (name.starts_with('.') || entry->is_directory(no_folder) != folders) continue;
    if (folders || is_image_name(name)) names.push_back(name);
  }
  require<FileError>(!failure, "cannot list ", folder.string(), ": ", failure.message());
  std::ranges::sort(names);
  return names;
}

MAO_INLINE std::string split_folder(const std::filesystem::path& root, const std::vector<std::string>& usual_names) {
  for (const std::string& name : usual_names) {
    std::error_code no_folder;
    if (std::filesystem::is_directory(root / name, no_folder)) return name;
  }
  return {};
}

MAO_INLINE std::vector<Item> items_in(const std::filesystem::path& root, const std::string& prefix,
                                      const std::vector<std::string>& folders) {
  std::vector<Item> items;
  for (const std::string& folder : names_in(root / prefix, true)) {
    const auto found = std::ranges::lower_bound(folders, folder);
    require<DataError>(found != folders.end() && *found == folder, (root / prefix / folder).string(), ": the class '",
                       folder, "' has no folder with training images; add one, or remove this");
    const std::filesystem::path place = std::filesystem::path(prefix) / folder;
    for (const std::string& name : names_in(root / place, false)) {
      items.push_back({(place / name).generic_string(), found - folders.begin()});
    }
  }
  return items;
}

/// `, among them one for 'dgo', which is not a folder`: the first name that no folder has, which may be the mistyped one.
MAO_INLINE std::string unused_name(const std::vector<std::string>& folders, const ClassNames& names) {
  for (const auto& [folder, readable] : names) {
    if (!std::ranges::binary_search(folders, folder))
      return ", among them one for '" + folder + "', which is not a folder";
  }
  return {};
}

MAO_INLINE ClassList named_classes(const std::vector<std::string>& folders, const ClassNames& names) {
  ClassList classes;
  for (const std::string& folder : folders) {
    const auto found = names.find(folder);
    require<DataError>(names.empty() || found != names.end(), "there is no class name for the folder '", folder,
                       "'; add it to the class-name file, which has ", names.size(), " names",
                       unused_name(folders, names));
    classes.names.push_back(names.empty() ? folder : found->second);
  }
  return classes;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Dataset read_folder(const std::filesystem::path& root, const FolderOptions& options) {
  Dataset dataset;
  dataset.root = root;
  const std::string train = detail::split_folder(root, detail::train_names());
  const std::vector<std::string> folders = detail::names_in(root / train, true);
  require<DataError>(!folders.empty(), (root / train).string(),
                     ": there is no class folder in it; expected one sub folder of images per class");
  dataset.classes = detail::named_classes(folders, options.class_names);
  if (train.empty()) {
    split_automatically(dataset, detail::items_in(root, "", folders), options.seed, root.string());
  } else {
    const std::string val = detail::split_folder(root, detail::val_names());
    const std::string test = detail::split_folder(root, detail::test_names());
    require<DataError>(!val.empty() || !test.empty(), root.string(), ": there is ", train,
                       "/ but neither test/ nor val/; add images to test on, or put the class folders directly into ",
                       root.string(), " to have them split");
    dataset.train = detail::items_in(root, train, folders);
    if (!val.empty()) dataset.val = detail::items_in(root, val, folders);
    dataset.test = test.empty() ? dataset.val : detail::items_in(root, test, folders);
  }
  dataset.classes.same_names = options.same_names;
  check(dataset, root.string());
  return dataset;
}

}  // namespace mao
