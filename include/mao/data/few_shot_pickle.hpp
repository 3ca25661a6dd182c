// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Few-shot draws that were saved by CoOp or derived code: `split_fewshot/shot_K-seed_S.pkl`.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/few_shot.hpp>
#include <span>
#include <string>

namespace mao {

/// What the class names in a saved draw, which CoOp puts into its prompts, may be.
enum class DrawNames {
  Same,  ///< as prompts hold them, those of the data set
  Any,   ///< the data set's are used, which the caller has renamed
};

/// The draw in the bytes of a pickle; `source` names it in messages. **Throws** as `read_few_shot_pickle`.
FewShot parse_few_shot_pickle(std::span<const char> bytes, const std::string& source, const Dataset& dataset,
                              DrawNames names = DrawNames::Same);

/// Reads a saved few-shot draw of `dataset` (with all classes, base and new).
///
/// The file contains absolute paths of the machine that wrote it; each image is found by the longest end of its path
/// that is in the data set. Nothing in the file is executed.
///
/// **Throws** `FileError`; `FormatError` if it is not such a file; `DataError` naming an image that the data set does
/// not have in that split, or has with another label, and a class that has no training image in the file.
FewShot read_few_shot_pickle(const std::filesystem::path& path, const Dataset& dataset,
                             DrawNames names = DrawNames::Same);

/// The file name of the draw of `shots` images per class with `seed`: `shot_16-seed_1.pkl`.
inline std::string few_shot_file_name(std::size_t shots, std::uint64_t seed) {
  return text_of("shot_", shots, "-seed_", seed, ".pkl");
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/few_shot_pickle.ipp>
#endif
