// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/named.hpp>

#include <string>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/aircraft.hpp>
#include <mao/data/imagenet.hpp>
#include <mao/data/split_json.hpp>

namespace mao {

MAO_INLINE std::filesystem::path folder_of(const NamedDataset& known, const std::filesystem::path& root) {
  const auto folder = root / known.folder;
  if (std::filesystem::is_directory(folder)) return folder;
  const bool is_inside = std::filesystem::exists(root / known.split);
  throw FileError(text_of("there is no folder ", folder.string(), " for ", known.title,
                          is_inside
                              ? "; the root has to be the folder above: " + root.string() + " is the data set's own"
                              : "; the root has to be the folder that holds the data sets' folders"));
}

MAO_INLINE Dataset read_named(const NamedDataset& known, const std::filesystem::path& root,
                              const ClassNames& class_names) {
  const auto folder = folder_of(known, root);
  const auto images = known.images.empty() ? folder : folder / known.images;
  const bool listed = known.layout == DatasetLayout::split_json || known.layout == DatasetLayout::aircraft;
  if (listed) {
    require<FileError>(
        std::filesystem::is_regular_file(folder / known.split), "there is no ", (folder / known.split).string(),
        ", which says which images of ", known.title, " are trained on and tested; ",
        known.layout == DatasetLayout::aircraft ? "it is in the archive of the data set, in the folder data/"
                                                : "download it from where CoOp's instructions for data sets say");
    Dataset dataset =
        known.layout == DatasetLayout::aircraft ? read_aircraft(folder) : read_split_json(folder / known.split, images);
    if (!class_names.empty()) rename_classes(dataset, class_names, folder.string());
    return dataset;
  }
  const ClassNames names = class_names.empty() ? read_class_names(detail::imagenet_names_file(folder)) : class_names;
  if (known.layout == DatasetLayout::imagenet) return read_imagenet(folder, names);
  return read_imagenet_variant(images, known.layout, names);
}

MAO_INLINE Dataset open_named(std::string_view name, const std::filesystem::path& root, const ClassNames& class_names) {
  const NamedDataset& known = named_dataset(name);
  Dataset dataset = read_named(known, root, class_names);
  const auto first = dataset.root / (dataset.train.empty() ? dataset.test : dataset.train).front().path;
  require<FileError>(std::filesystem::is_regular_file(first), "cannot find ", first.string(), ", the first image of ",
                     known.title, "; unpack the images into ", dataset.root.string(),
                     " (`mao datasets check` lists what is missing)");
  return dataset;
}

}  // namespace mao
