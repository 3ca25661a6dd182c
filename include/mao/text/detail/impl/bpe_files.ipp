// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/bpe_files.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao::detail {

/// Merges in a tokenizer.json: `"left right"` or `["left", "right"]`.
MAO_INLINE MergeList merges_of(const nlohmann::json& list, const std::string& where) {
  require<FormatError>(list.is_array(), where, ": expected a list of merges");
  MergeList merges;
  for (const auto& merge : list) {
    if (merge.is_string()) {
      merges.push_back(parse_merge(merge.get_ref<const std::string&>(), where));
    } else {
      const bool pair = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
      require<FormatError>(pair, where, ": expected a merge of two symbols, found ", merge.dump());
      merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    }
  }
  return merges;
}

MAO_INLINE BpeFiles read_tokenizer_json(const std::filesystem::path& path) {
  const nlohmann::json all = read_json(path);
  const std::string where = "'" + path.string() + "'";
  const bool usable = all.is_object() && all.contains("model") && all["model"].is_object() &&
                      all["model"].contains("vocab") && all["model"].contains("merges");
  require<FormatError>(usable, where, ": expected a byte-pair tokenizer with model.vocab and model.merges");
  return {merges_of(all["model"]["merges"], where), tokens_by_id(all["model"]["vocab"], where)};
}

MAO_INLINE BpeFiles read_vocab_json(const std::filesystem::path& folder) {
  const auto vocabulary = folder / "vocab.json";
  return {read_merges(folder / "merges.txt", SIZE_MAX),
          tokens_by_id(read_json(vocabulary), "'" + vocabulary.string() + "'")};
}

MAO_INLINE BpeFiles read_bpe_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  if (fs::exists(folder / "tokenizer.json")) return read_tokenizer_json(folder / "tokenizer.json");
  if (fs::exists(folder / "vocab.json") && fs::exists(folder / "merges.txt")) return read_vocab_json(folder);
  for (const char* name : {"bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "merges.txt"}) {
    if (fs::exists(folder / name)) return {read_merges(folder / name), {}};
  }
  throw FileError(text_of("folder '", folder.string(), "' holds no byte-pair vocabulary: expected tokenizer.json, ",
                          "vocab.json with merges.txt, or bpe_simple_vocab_16e6.txt.gz"));
}

MAO_INLINE BpeFiles read_bpe(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  if (fs::is_directory(path)) return read_bpe_folder(path);
  const bool merges_of_pair = path.filename() == "merges.txt" && fs::exists(path.parent_path() / "vocab.json");
  if (path.filename() == "vocab.json" || merges_of_pair) return read_vocab_json(path.parent_path());
  if (path.extension() == ".json") return read_tokenizer_json(path);
  return {read_merges(path), {}};
}

}  // namespace mao::detail
