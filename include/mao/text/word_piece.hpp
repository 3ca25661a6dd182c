// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tokenizer of BERT's uncased models, such as MiniLM.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mao {

/// Converts text to ids: it repeatedly removes the longest known piece from the front of each word. Safe to use from
/// several threads.
///
/// **Source** WordPiece as in BERT; the pieces inside a word begin with `##`.
class WordPiece {
 public:
  using Ids = std::vector<std::int64_t>;

  /// The tokens in the order of their ids. **Throws** FormatError if a special token is missing.
  explicit WordPiece(const std::vector<std::string>& tokens, const std::string& where = "vocabulary");

  /// Reads vocab.txt, tokenizer.json, or a folder with one of them. **Throws** FileError, FormatError.
  static WordPiece load(const std::filesystem::path& path);

  /// `[CLS]`, the ids of `text`, `[SEP]`: at most `max_length` ids; the last ids of a longer text are dropped.
  Ids encode(std::string_view text, std::int64_t max_length = 256) const;

  /// Only the ids of `text`. Special tokens in the text (`[MASK]`) are recognised. Never throws on invalid
  /// bytes.
  Ids encode_bare(std::string_view text) const;

  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }
  std::int64_t start_token() const { return special_[cls]; }       ///< `[CLS]`
  std::int64_t end_token() const { return special_[sep]; }         ///< `[SEP]`
  std::int64_t padding_token() const { return special_[padding]; }  ///< `[PAD]`

  /// 16 hexadecimal digits over all tokens and their ids.
  std::string fingerprint() const;

  friend bool operator==(const WordPiece&, const WordPiece&) = default;

 private:
  static constexpr std::array<const char*, 5> special_names = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  static constexpr std::size_t padding = 0, unknown = 1, cls = 2, sep = 3;
  static constexpr std::size_t longest_word = 100;

  static std::vector<std::string> read_text_tokens(const std::filesystem::path& file);

  static std::vector<std::string> read_json_tokens(const std::filesystem::path& file);

  /// The id of the longest known piece at the front of `rest`, which is then removed; -1: there is none.
  std::int64_t take_piece(std::u32string_view& rest, bool inside) const;

  /// The pieces of one word, or the unknown token if a part of it has none.
  void append_word(std::u32string_view word, Ids& ids) const;

  std::unordered_map<std::string, std::int64_t> ids_;
  std::array<std::int64_t, 5> special_{};
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/word_piece.ipp>
#endif
