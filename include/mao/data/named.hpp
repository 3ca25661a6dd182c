// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A data set by its name and the folder that holds all data sets, in CoOp's layout.

#include <filesystem>
#include <mao/data/class_names.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/registry.hpp>
#include <string_view>

namespace mao {

/// The data set's own folder. **Throws** `FileError` when it is not there, with what `root` may be instead.
std::filesystem::path folder_of(const NamedDataset& known, const std::filesystem::path& root);

/// What the data set's lists say, without a look at the images that they name. `class_names` replace classnames.txt of
/// ImageNet and its variants (wnid to name), and rename the classes of the others.
///
/// **Throws** `FileError` naming what is not there; `FormatError` and `DataError` as the reader of its layout.
Dataset read_named(const NamedDataset& known, const std::filesystem::path& root, const ClassNames& class_names = {});

/// Opens a data set by name: `open_named("caltech101", "DATA")` reads `DATA/caltech-101/split_zhou_Caltech101.json`.
/// Names are those of `find_named`. ImageNet's variants have no training images.
///
/// **Throws** `OptionError` for an unknown name; as `read_named`; `FileError` when the first image is not there.
Dataset open_named(std::string_view name, const std::filesystem::path& root, const ClassNames& class_names = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/named.ipp>
#endif
