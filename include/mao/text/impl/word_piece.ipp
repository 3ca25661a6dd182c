// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/word_piece.hpp>

#include <algorithm>
#include <map>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/bert_words.hpp>
#include <mao/text/detail/merges.hpp>
#include <mao/text/detail/unicode.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao {

MAO_INLINE WordPiece::WordPiece(const std::vector<std::string>& tokens, const std::string& where) {
  ids_.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) ids_.emplace(tokens[i], static_cast<std::int64_t>(i));
  for (std::size_t i = 0; i < special_.size(); ++i) {
    const auto found = ids_.find(special_names[i]);
    require<FormatError>(found != ids_.end(), where, " lacks the token ", special_names[i],
                         ": expected the vocabulary of a BERT model, one token a line");
    special_[i] = found->second;
  }
}

MAO_INLINE WordPiece WordPiece::load(const std::filesystem::path& path) {
  const bool folder = std::filesystem::is_directory(path);
  const bool text = std::filesystem::exists(path / "vocab.txt");
  const auto file = folder ? path / (text ? "vocab.txt" : "tokenizer.json") : path;
  const std::string where = "'" + file.string() + "'";
  return WordPiece(file.extension() == ".json" ? read_json_tokens(file) : read_text_tokens(file), where);
}

MAO_INLINE WordPiece::Ids WordPiece::encode(std::string_view text, std::int64_t max_length) const {
  require<OptionError>(max_length >= 2, "max_length is ", max_length, ", but [CLS] and [SEP] alone take 2");
  Ids ids = encode_bare(text);
  ids.insert(ids.begin(), special_[cls]);
  ids.resize(std::min(ids.size(), static_cast<std::size_t>(max_length - 1)));
  ids.push_back(special_[sep]);
  return ids;
}

MAO_INLINE WordPiece::Ids WordPiece::encode_bare(std::string_view text) const {
  Ids ids;
  while (!text.empty()) {
    std::size_t first = text.size(), which = 0;
    for (std::size_t i = 0; i < special_names.size(); ++i) {
      const std::size_t position = text.find(special_names[i]);
      if (position >= first) continue;
      first = position;
      which = i;
    }
    for (const auto& word : detail::bert_words(text.substr(0, first))) append_word(word, ids);
    if (first == text.size()) break;
    ids.push_back(special_[which]);
    text.remove_prefix(first + std::string_view(special_names[which]).size());
  }
  return ids;
}

MAO_INLINE std::string WordPiece::fingerprint() const {
  detail::ContentHash hash;
  for (const auto& [token, id] : std::map(ids_.begin(), ids_.end())) {
    hash.add(token);
    hash.add(&id, sizeof id);
  }
  return hash.text();
}

MAO_INLINE std::vector<std::string> WordPiece::read_text_tokens(const std::filesystem::path& file) {
  detail::LineReader lines(file);
  std::vector<std::string> tokens;
  for (std::string line; lines.next(line);) tokens.push_back(line);
  return tokens;
}

MAO_INLINE std::vector<std::string> WordPiece::read_json_tokens(const std::filesystem::path& file) {
  const auto all = detail::read_json(file);
  const bool usable = all.is_object() && all.contains("model") && all["model"].is_object() &&
                      all["model"].contains("vocab") && all["model"].value("type", "WordPiece") == "WordPiece";
  require<FormatError>(usable, "'", file.string(), "': expected a WordPiece tokenizer with model.vocab");
  return detail::tokens_by_id(all["model"]["vocab"], "'" + file.string() + "'");
}

MAO_INLINE std::int64_t WordPiece::take_piece(std::u32string_view& rest, bool inside) const {
  for (std::size_t length = rest.size(); length > 0; --length) {
    const auto found = ids_.find((inside ? "##" : "") + encode_utf8(rest.substr(0, length)));
    if (found == ids_.end()) continue;
    rest.remove_prefix(length);
    return found->second;
  }
  return -1;
}

MAO_INLINE void WordPiece::append_word(std::u32string_view word, Ids& ids) const {
  Ids pieces;
  bool known = word.size() <= longest_word;
  for (auto rest = word; known && !rest.empty();) {
    pieces.push_back(take_piece(rest, !pieces.empty()));
    known = pieces.back() >= 0;
  }
  if (!known) pieces = {special_[unknown]};
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

}  // namespace mao
