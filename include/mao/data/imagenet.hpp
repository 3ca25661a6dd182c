// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// ImageNet and its four variants: folders of images whose names are looked up in classnames.txt.

#include <filesystem>
#include <mao/data/class_names.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/registry.hpp>

namespace mao {

namespace detail {

/// `folder/classnames.txt`, or ImageNet's own beside it. **Throws** `FileError` naming both places.
std::filesystem::path imagenet_names_file(const std::filesystem::path& folder);

}  // namespace detail

/// Reads `folder/images/{train,val}/WNID/*`: labels by sorted wnid, files sorted by name, val also as test. `names` are
/// those of classnames.txt.
///
/// A few-shot draw depends on the order of the files. CoOp uses the order of the file system, so its draws can be
/// repeated only from its own shot_K-seed_S.pkl (few_shot_pickle.hpp).
///
/// **Throws** `FileError` if a folder cannot be listed; `DataError` naming a class without a folder or a name.
Dataset read_imagenet(const std::filesystem::path& folder, const ClassNames& names);

/// Reads a variant of ImageNet, which has only test images, from its folder of class folders.
///
/// `imagenet_numbers`: folder i is class i of `names`, sorted by wnid. `imagenet_wnids`: all classes of `names`.
/// `imagenet_subset`: the classes that have a folder, and no others, are the candidates.
///
/// **Throws** as `read_imagenet`.
Dataset read_imagenet_variant(const std::filesystem::path& root, DatasetLayout layout, const ClassNames& names);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/imagenet.ipp>
#endif
