// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// JSON files of tokenizers.

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/io/json_text.hpp>

namespace mao::detail {

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return parse_json(read_text_file(path), text_of("'", path.string(), "'"), "the vocabulary of a tokenizer");
}

/// The tokens of a `{"token": id}` object, by id.
std::vector<std::string> tokens_by_id(const nlohmann::json& vocabulary, const std::string& where);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/vocabulary_json.ipp>
#endif
