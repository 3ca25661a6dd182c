// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// FGVC-Aircraft as its authors publish it: variants.txt and images_variant_{train,val,test}.txt.

#include <filesystem>
#include <mao/data/dataset.hpp>

namespace mao {

/// Reads the lists in `folder`; labels follow variants.txt, images are in `folder/images`.
///
/// **Throws** `FileError`; `FormatError` or `DataError` naming file and line.
Dataset read_aircraft(const std::filesystem::path& folder);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/aircraft.ipp>
#endif
