// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/open.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_names.hpp>
#include <mao/data/csv.hpp>
#include <mao/data/detail/native_path.hpp>
#include <mao/data/split_json.hpp>

namespace mao::detail {

/// The folder, at or below `start`, in which the first listed image is found; CoOp's usual sub folders come first.
MAO_INLINE std::filesystem::path image_root_of(const std::filesystem::path& start, const std::string& first_image,
                                               const std::filesystem::path& split_file) {
  constexpr std::array<std::string_view, 6> usual{"101_ObjectCategories", "images", "jpg", "2750",
                                                  "UCF-101-midframes",    "SUN397"};
  std::vector<std::filesystem::path> places{start};
  for (const auto name : usual) places.push_back(start / name);
  for (const auto& name : names_in(start, true)) places.push_back(start / name);
  std::error_code no_such_name;
  for (const auto& place : places) {
    if (std::filesystem::is_regular_file(place / native_path(place, first_image), no_such_name)) return place;
  }
  throw FileError(text_of("cannot find ", first_image, ", the first image of ", split_file.string(), ", in ",
                          start.string(), " or a folder in it; unpack the images there, or name their folder",
                          path_hint(first_image)));
}

/// The data set under readable names, if there are any.
MAO_INLINE Dataset with_names(Dataset dataset, const ClassNames& names, const std::filesystem::path& source) {
  if (!names.empty()) rename_classes(dataset, names, source.string());
  return dataset;
}

/// Reads a split file and looks for its images in `start`.
MAO_INLINE Dataset open_split_json(const std::filesystem::path& file, const std::filesystem::path& start,
                                   const ClassNames& names) {
  Dataset dataset = read_split_json(file, start);
  dataset.root = image_root_of(start, dataset.train.front().path, file);
  dataset = with_native_paths(std::move(dataset), file.string());
  return with_names(std::move(dataset), names, file);
}

MAO_INLINE std::vector<std::filesystem::path> split_files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("split_zhou_") && name.ends_with(".json")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// What a folder holds, in words, for messages.
MAO_INLINE std::string contents_of(const std::filesystem::path& folder) {
  const auto folders = names_in(folder, true);
  std::string text = text_of(folders.size(), folders.size() == 1 ? " sub folder" : " sub folders");
  for (std::size_t i = 0; i < std::min<std::size_t>(folders.size(), 3); ++i) {
    text += (i == 0 ? " (" : ", ") + folders[i];
  }
  if (!folders.empty()) text += folders.size() > 3 ? ", ...)" : ")";
  const std::size_t images = names_in(folder, false).size();
  return text_of(text, ", ", images, images == 1 ? " image" : " images");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE bool holds_dataset(const std::filesystem::path& folder) {
  const auto holds = [](const std::filesystem::path& parent) {
    return std::ranges::any_of(detail::names_in(parent, true), [&](const std::string& name) {
      return !detail::names_in(parent / name, false).empty();
    });
  };
  if (!detail::split_files_in(folder).empty() || holds(folder)) return true;
  return std::ranges::any_of(detail::names_in(folder, true),
                             [&](const std::string& name) { return holds(folder / name); });
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE Dataset open_folder(const std::filesystem::path& folder, const FolderOptions& options) {
  const auto files = split_files_in(folder);
  if (files.size() == 1) return open_split_json(files.front(), folder, options.class_names);
  std::string names;
  for (const auto& file : files) names += "\n  " + file.string();
  require<DataError>(files.empty(), folder.string(), " has ", files.size(), " split files; name one of them:", names);
  try {
    return read_folder(folder, options);
  } catch (const DataError& error) {
    const std::string unread = unread_files(folder).description();
    if (holds_dataset(folder) && unread.empty()) throw;
    if (holds_dataset(folder)) throw DataError(text_of(error.what(), "\n", folder.string(), ": ", unread));
    const bool is_one_class = names_in(folder, true).empty() && !names_in(folder, false).empty();
    throw DataError(text_of(folder.string(), ": there is no data set in this folder, only ", contents_of(folder),
                            "; expected one sub folder of images per class",
                            is_one_class ? "; if these are the images of one class, give the folder above it" : "",
                            "\n", unread, unread.empty() ? "" : "\n",
                            "These would work: a folder of images per class, or train/, val/ and test/ with these in "
                            "each; a split_zhou_*.json beside the images; the path of a split .json or .csv"));
  }
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE UnreadFiles unread_of(const std::filesystem::path& path) {
  std::error_code no_such_name;
  const bool folder = std::filesystem::is_directory(path, no_such_name) && detail::split_files_in(path).empty();
  return folder ? unread_files(path) : UnreadFiles();
}

MAO_INLINE Dataset open_dataset(const std::filesystem::path& path, const FolderOptions& options) {
  std::error_code no_such_name;
  require<FileError>(std::filesystem::exists(path, no_such_name), "there is no data set at ", path.string(),
                     "; expected a folder, a split .json or a .csv");
  if (std::filesystem::is_directory(path)) return detail::open_folder(path, options);
  const std::filesystem::path absolute = std::filesystem::absolute(path);
  const std::string extension = path.extension().string();
  if (extension == ".json") return detail::open_split_json(path, absolute.parent_path(), options.class_names);
  if (extension == ".csv" || extension == ".tsv" || extension == ".txt") {
    return detail::with_names(read_csv(path, options.seed), options.class_names, path);
  }
  throw DataError(text_of(path.string(), ": a file ending in '", extension,
                          "' is not a data set; expected a folder, a split .json, or a table .csv or .tsv"));
}

}  // namespace mao
