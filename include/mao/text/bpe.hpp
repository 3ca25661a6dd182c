// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's tokenizer: converts text to token ids and ids to text, by byte-pair merging.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <mao/text/clean.hpp>
#include <mao/text/detail/bpe_files.hpp>
#include <mao/text/detail/clip_pieces.hpp>
#include <mao/text/detail/merges.hpp>
#include <mao/text/detail/pair_merges.hpp>

namespace mao {

/// Converts text to the ids that CLIP's text tower was trained with, and cleans it as the model's own library does.
/// Safe to use from several threads.
///
/// **Source** the tokenizer of OpenAI's CLIP, with its known quirk that some words never get their own token; those of
/// open_clip 3.3; CLIPTokenizer of transformers 5.24.
class ClipTokenizer {
 public:
  using Ids = std::vector<std::int64_t>;

  /// A vocabulary in CLIP's order: 256 byte symbols, the same at the end of a word, one token per merge, start, end.
  ///
  /// **Throws** FormatError if a merge uses a symbol that no earlier merge makes.
  explicit ClipTokenizer(MergeList merges, TextCleaning cleaning = TextCleaning::OpenAi)
      : ClipTokenizer(detail::BpeFiles{std::move(merges), {}}, "merges", cleaning) {}

  /// Reads `bpe_simple_vocab_16e6.txt.gz` (or unpacked, or any file of merges), a tokenizer.json, a vocab.json with its
  /// merges.txt, or a folder with one of these. find_clip_vocabulary() looks for such a file. Text is cleaned as
  /// `cleaning` says; by default with Hugging Face's rules for JSON files and with OpenAI's for merges.
  ///
  /// **Throws** FileError if there is no such file, FormatError if its content is something else, OptionError for
  /// settings of a Hugging Face folder that this tokenizer does not support (text/detail/tokenizer_settings.hpp).
  static ClipTokenizer load(const std::filesystem::path& path, std::optional<TextCleaning> cleaning = std::nullopt);

  /// The ids of cleaned `text` without start and end. Never throws on bad bytes.
  ///
  /// **Throws** DataError if `text` contains a special token that libraries read differently.
  Ids encode(std::string_view text) const;

  /// Start, ids, end and zeros up to `context_length`. With `truncate`, a longer text is cut before the end token.
  ///
  /// **Throws** DataError (with the text, its tokens and the limit) for text that is too long.
  Ids row(std::string_view text, std::int64_t context_length = 77, bool truncate = false) const;

  /// The text of ids, with a space after each word; start and end become `<|startoftext|>` and `<|endoftext|>`.
  std::string decode(std::span<const std::int64_t> ids) const;

  std::int64_t start_token() const { return start_; }
  std::int64_t end_token() const { return end_; }
  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  const MergeList& merges() const { return merges_; }
  TextCleaning cleaning() const { return cleaning_; }

  /// Writes the merges as text that load() reads. **Throws** OptionError if the ids do not follow from the merges.
  void save_merges(const std::filesystem::path& path) const;

 private:
  using TokenIds = std::unordered_map<std::string, std::int64_t>;

  ClipTokenizer(detail::BpeFiles files, const std::string& where, TextCleaning cleaning);
  static std::vector<std::string> clip_order(const MergeList& merges);
  static std::int64_t id_of(const TokenIds& ids, const std::string& token, const std::string& where);
  void append_piece(std::u32string_view piece, Ids& ids) const;
  Ids encode_clean(std::string_view text) const;
  Ids encode_normalized(std::string_view text) const;

  MergeList merges_;
  std::vector<std::string> tokens_;
  bool clip_order_ = false;
  std::array<std::int64_t, 256> byte_ids_{};
  std::array<std::int64_t, 256> last_byte_ids_{};
  detail::PairMerges pairs_;
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  TextCleaning cleaning_ = TextCleaning::OpenAi;
  detail::PieceStyle style_{};
};

inline ClipTokenizer::Ids ClipTokenizer::encode(std::string_view text) const {
  return cleaning_ == TextCleaning::HuggingFace ? encode_normalized(text) : encode_clean(text);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/bpe.ipp>
#endif
