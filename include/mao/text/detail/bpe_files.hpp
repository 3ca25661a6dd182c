// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where a byte-pair vocabulary can come from: CLIP's merges file, or the files of a Hugging Face folder.

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>
#include <mao/io/json_text.hpp>
#include <mao/text/detail/merges.hpp>

namespace mao::detail {

/// Merges, and the tokens by id when a file says so (empty: CLIP's order follows from the merges).
struct BpeFiles {
  MergeList merges;
  std::vector<std::string> tokens;
};

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return parse_json(read_text_file(path), text_of("'", path.string(), "'"), "the vocabulary of a tokenizer");
}

/// The tokens of a `{"token": id}` object, by id.
std::vector<std::string> tokens_by_id(const nlohmann::json& vocabulary, const std::string& where);

/// Reads whichever of these `path` is: a folder, vocab.json, tokenizer.json, or merges as text.
BpeFiles read_bpe(const std::filesystem::path& path);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/bpe_files.ipp>
#endif
