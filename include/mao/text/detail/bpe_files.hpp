// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where a byte-pair vocabulary can come from: CLIP's merges file, or the files of a Hugging Face folder.

#include <filesystem>
#include <string>
#include <vector>

#include <mao/text/detail/merges.hpp>

namespace mao::detail {

/// Merges, and the tokens by id when a file says so (empty: CLIP's order follows from the merges).
struct BpeFiles {
  MergeList merges;
  std::vector<std::string> tokens;
};

/// Reads whichever of these `path` is: a folder, vocab.json, tokenizer.json, or merges as text.
BpeFiles read_bpe(const std::filesystem::path& path);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/bpe_files.ipp>
#endif
