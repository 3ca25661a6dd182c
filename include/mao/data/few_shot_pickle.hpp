// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Few-shot draws that CoOp and its relatives have saved: `split_fewshot/shot_K-seed_S.pkl`.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/few_shot.hpp>
#include <span>
#include <string>

namespace mao {

/// The draw in the bytes of a pickle; `source` names it in messages. **Throws** as `read_few_shot_pickle`.
FewShot parse_few_shot_pickle(std::span<const char> bytes, const std::string& source, const Dataset& dataset);

/// Reads a saved draw of few shots of `dataset` (the whole of it: base and new classes).
///
/// The file names images by absolute paths of the machine that made it; an image is found by the longest end of its
/// path that the data set knows. Nothing in the file is executed.
///
/// **Throws** `FileError`; `FormatError` when it is not such a file; `DataError` naming an image that the data set does
/// not have in that split, or under another label, and a class of which the file has no training image.
FewShot read_few_shot_pickle(const std::filesystem::path& path, const Dataset& dataset);

/// How the draw of `shots` images per class with `seed` is called: `shot_16-seed_1.pkl`.
inline std::string few_shot_file_name(std::size_t shots, std::uint64_t seed) {
  return text_of("shot_", shots, "-seed_", seed, ".pkl");
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/few_shot_pickle.ipp>
#endif
