// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tokenizer of BERT's uncased models, MiniLM among them.

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/text/detail/bert_words.hpp>
#include <mao/text/detail/bpe_files.hpp>

namespace mao {

/// Text to ids by taking the longest known piece from the front of each word again and again. Safe to use from several
/// threads at once.
///
/// **Source** WordPiece as in BERT; the pieces inside a word begin with `##`.
class WordPiece {
 public:
  using Ids = std::vector<std::int64_t>;

  /// The tokens in the order of their ids. **Throws** FormatError when one of the special tokens is missing.
  explicit WordPiece(const std::vector<std::string>& tokens, const std::string& where = "vocabulary") {
    ids_.reserve(tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) ids_.emplace(tokens[i], static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < special_.size(); ++i) {
      const auto found = ids_.find(special_names[i]);
      require<FormatError>(found != ids_.end(), where, " lacks the token ", special_names[i],
                           ": expected the vocabulary of a BERT model, one token a line");
      special_[i] = found->second;
    }
  }

  /// Reads vocab.txt, tokenizer.json, or a folder with one of them. **Throws** FileError, FormatError.
  static WordPiece load(const std::filesystem::path& path) {
    const bool folder = std::filesystem::is_directory(path);
    const bool text = std::filesystem::exists(path / "vocab.txt");
    const auto file = folder ? path / (text ? "vocab.txt" : "tokenizer.json") : path;
    const std::string where = "'" + file.string() + "'";
    return WordPiece(file.extension() == ".json" ? read_json_tokens(file) : read_text_tokens(file), where);
  }

  /// `[CLS]`, the ids of `text`, `[SEP]`: at most `max_length` ids, the last ones of the text left out.
  Ids encode(std::string_view text, std::int64_t max_length = 256) const {
    require<OptionError>(max_length >= 2, "max_length is ", max_length, ", but [CLS] and [SEP] alone take 2");
    Ids ids = encode_bare(text);
    ids.insert(ids.begin(), special_[cls]);
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(max_length - 1)));
    ids.push_back(special_[sep]);
    return ids;
  }

  /// The ids of `text` alone. Special tokens written out in the text (`[MASK]`) are taken as such. Never throws on bad
  /// bytes.
  Ids encode_bare(std::string_view text) const {
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

  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }

 private:
  static constexpr std::array<const char*, 5> special_names = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  static constexpr std::size_t unknown = 1, cls = 2, sep = 3;
  static constexpr std::size_t longest_word = 100;

  static std::vector<std::string> read_text_tokens(const std::filesystem::path& file) {
    detail::LineReader lines(file);
    std::vector<std::string> tokens;
    for (std::string line; lines.next(line);) tokens.push_back(line);
    return tokens;
  }

  static std::vector<std::string> read_json_tokens(const std::filesystem::path& file) {
    const auto all = detail::read_json(file);
    const bool usable = all.is_object() && all.contains("model") && all["model"].is_object() &&
                        all["model"].contains("vocab") && all["model"].value("type", "WordPiece") == "WordPiece";
    require<FormatError>(usable, "'", file.string(), "': expected a WordPiece tokenizer with model.vocab");
    return detail::tokens_by_id(all["model"]["vocab"], "'" + file.string() + "'");
  }

  /// The id of the longest known piece at the front of `rest`, which is shortened by it; -1: there is none.
  std::int64_t take_piece(std::u32string_view& rest, bool inside) const {
    for (std::size_t length = rest.size(); length > 0; --length) {
      const auto found = ids_.find((inside ? "##" : "") + encode_utf8(rest.substr(0, length)));
      if (found == ids_.end()) continue;
      rest.remove_prefix(length);
      return found->second;
    }
    return -1;
  }

  /// The pieces of one word, or the unknown token when a part of it has none.
  void append_word(std::u32string_view word, Ids& ids) const {
    Ids pieces;
    bool known = word.size() <= longest_word;
    for (auto rest = word; known && !rest.empty();) {
      pieces.push_back(take_piece(rest, !pieces.empty()));
      known = pieces.back() >= 0;
    }
    if (!known) pieces = {special_[unknown]};
    ids.insert(ids.end(), pieces.begin(), pieces.end());
  }

  std::unordered_map<std::string, std::int64_t> ids_;
  std::array<std::int64_t, 5> special_{};
};

}  // namespace mao
