// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Opens a data set by its name, from the folder that contains all data sets in CoOp's layout.

#include <filesystem>
#include <mao/data/class_names.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/registry.hpp>
#include <string_view>

namespace mao {

/// The data set's own folder. **Throws** `FileError` if it does not exist; the message suggests another `root`.
std::filesystem::path folder_of(const NamedDataset& known, const std::filesystem::path& root);

/// Reads the data set's lists, without looking for the images. `class_names` replace classnames.txt of ImageNet and its
/// variants (wnid to name), and rename the classes of other data sets.
///
/// **Throws** `FileError` naming a missing file; `FormatError` and `DataError` as the reader of its layout.
Dataset read_named(const NamedDataset& known, const std::filesystem::path& root, const ClassNames& class_names = {});

/// Opens a data set by name: `open_named("caltech101", "DATA")` reads `DATA/caltech-101/split_zhou_Caltech101.json`.
/// Names are those of `find_named`. ImageNet's variants have no training images.
///
/// **Throws** `OptionError` for an unknown name; as `read_named`; `FileError` if the first image does not exist.
Dataset open_named(std::string_view name, const std::filesystem::path& root, const ClassNames& class_names = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/named.ipp>
#endif
