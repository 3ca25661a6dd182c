// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/imagenet.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/folder.hpp>

namespace mao::detail {

MAO_INLINE std::filesystem::path imagenet_names_file(const std::filesystem::path& folder) {
  const auto own = folder / "classnames.txt";
  const auto of_imagenet = std::filesystem::absolute(folder).parent_path() / "imagenet" / "classnames.txt";
  if (std::filesystem::is_regular_file(own)) return own;
  if (std::filesystem::is_regular_file(of_imagenet)) return of_imagenet;
  throw FileError(text_of("there is no ", own.string(), ", nor ", of_imagenet.string(),
                          "; put CoOp's classnames.txt (lines `wnid name`) there"));
}

/// Both sorted. **Throws** `DataError` naming a class that only one side has.
MAO_INLINE void require_same_classes(const std::vector<std::string>& folders, const ClassNames& names,
                                     const std::string& place) {
  std::vector<std::string> known;
  for (const auto& [folder, name] : names) known.push_back(folder);
  std::vector<std::string> nameless, without_folder;
  std::ranges::set_difference(folders, known, std::back_inserter(nameless));
  std::ranges::set_difference(known, folders, std::back_inserter(without_folder));
  const std::string counts =
      text_of(place, " has ", folders.size(), " class folders, but there are ", names.size(), " class names: ");
  require<DataError>(nameless.empty(), counts, "the folder ", nameless.empty() ? "" : nameless.front(),
                     " has no name; remove it, or add a line to classnames.txt");
  const std::string first = without_folder.empty() ? "" : without_folder.front();
  require<DataError>(without_folder.empty(), counts, first, " ('", first.empty() ? "" : names.at(first),
                     "') has no folder; unpack it again, or remove its line from classnames.txt");
}

/// The classes of a tested-on folder in label order, by folder name.
MAO_INLINE std::vector<std::string> tested_folders(const std::filesystem::path& root, DatasetLayout layout,
                                                   const ClassNames& names) {
  std::vector<std::string> folders = names_in(root, true);
  require<DataError>(!folders.empty(), root.string(), ": there is no class folder in it; unpack the images there");
  if (layout == DatasetLayout::imagenet_wnids) require_same_classes(folders, names, root.string());
  if (layout != DatasetLayout::imagenet_numbers) return folders;
  std::vector<std::string> numbers;
  for (std::size_t label = 0; label < names.size(); ++label) numbers.push_back(std::to_string(label));
  for (const std::string& folder : folders) {
    require<DataError>(std::ranges::find(numbers, folder) != numbers.end(), (root / folder).string(),
                       ": no class has that number; there are ", names.size(), " names, so 0 to ", names.size() - 1,
                       " are expected");
  }
  require<DataError>(folders.size() == numbers.size(), root.string(), " has ", folders.size(),
                     " numbered folders, but there are ", names.size(), " class names; unpack the images again");
  return numbers;
}

/// The names in the order of the folders: by number, or by wnid.
MAO_INLINE ClassList tested_classes(const std::vector<std::string>& folders, DatasetLayout layout,
                                    const ClassNames& names) {
  if (layout != DatasetLayout::imagenet_numbers) return named_classes(folders, names);
  ClassList classes;
  for (const auto& [wnid, name] : names) classes.names.push_back(name);
  return classes;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Dataset read_imagenet(const std::filesystem::path& folder, const ClassNames& names) {
  Dataset dataset;
  dataset.root = folder / "images";
  const auto folders = detail::names_in(dataset.root / "train", true);
  detail::require_same_classes(folders, names, (dataset.root / "train").string());
  dataset.classes = detail::named_classes(folders, names);
  dataset.classes.same_names = SameNames::accept;
  dataset.train = detail::items_in(dataset.root, "train", folders);
  const auto val_folders = detail::names_in(dataset.root / "val", true);
  require<DataError>(!val_folders.empty(), (dataset.root / "val").string(),
                     ": there is no class folder in it; sort the validation images into one folder per wnid");
  dataset.val = detail::items_in(dataset.root, "val", folders);
  dataset.test = dataset.val;
  check(dataset, folder.string());
  return dataset;
}

MAO_INLINE Dataset read_imagenet_variant(const std::filesystem::path& root, DatasetLayout layout,
                                         const ClassNames& names) {
  Dataset dataset;
  dataset.root = root;
  const auto folders = detail::tested_folders(root, layout, names);
  dataset.classes = detail::tested_classes(folders, layout, names);
  dataset.classes.same_names = SameNames::accept;
  for (std::size_t label = 0; label < folders.size(); ++label) {
    for (const std::string& name : detail::names_in(root / folders[label], false)) {
      dataset.test.push_back({folders[label] + "/" + name, static_cast<std::int64_t>(label)});
    }
  }
  check(dataset, root.string(), NoTraining::accept);
  return dataset;
}

}  // namespace mao
