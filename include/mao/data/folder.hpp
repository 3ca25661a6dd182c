// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Folders of images as data sets: `ROOT/{train,val,test}/CLASS/*.jpg`, or `ROOT/CLASS/*.jpg`, which is split.

#include <cstdint>
#include <filesystem>
#include <mao/data/class_names.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/detail/decode_webp.hpp>
#include <string>
#include <vector>

namespace mao {

/// How a folder is read.
struct FolderOptions {
  ClassNames class_names;                     ///< folder to readable name; empty: the folder's name
  std::uint64_t seed = 1;                     ///< for the split, if the folder has none
  SameNames same_names = SameNames::refuse;
};

namespace detail {

bool is_image_name(const std::filesystem::path& path);

/// The suffixes that `is_image_name` accepts, as text.
inline const char* image_suffixes() {
  return reads_webp ? ".jpg, .jpeg, .png and .webp files"
                    : ".jpg, .jpeg and .png files (no .webp: built without libwebp)";
}

/// The names in a folder, sorted by bytes, without hidden ones: only subfolders, or only images.
std::vector<std::string> names_in(const std::filesystem::path& folder, bool folders);

inline std::vector<std::string> train_names() { return {"train", "training"}; }
inline std::vector<std::string> val_names() { return {"val", "valid", "validation"}; }
inline std::vector<std::string> test_names() { return {"test", "testing"}; }

/// The subfolder of that split, under any of its usual names; empty if there is none.
std::string split_folder(const std::filesystem::path& root, const std::vector<std::string>& usual_names);

/// The images of the class folders below `root / prefix`; `folders` are the known classes in label order.
std::vector<Item> items_in(const std::filesystem::path& root, const std::string& prefix,
                           const std::vector<std::string>& folders);

ClassList named_classes(const std::vector<std::string>& folders, const ClassNames& names);

}  // namespace detail

/// Reads a folder. Labels are positions in the list of class folders, sorted by name.
///
/// If there is `train`, there must be `test`, `val`, or both; `val` alone is used as both (as CoOp does for ImageNet).
/// Without `train`, every subfolder is a class and `split_automatically` splits 50/20/30.
///
/// **Throws** `FileError` if the folder cannot be listed, `DataError` naming the faulty class or folder.
Dataset read_folder(const std::filesystem::path& root, const FolderOptions& options = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/folder.ipp>
#endif
