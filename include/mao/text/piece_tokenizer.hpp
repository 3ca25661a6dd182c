// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tokenizers of SigLIP and SigLIP 2: text to the pieces of a SentencePiece model or of a tokenizer.json.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mao/text/detail/piece_files.hpp>

namespace mao {

/// What is done to a text before the tokenizer of the files sees it.
enum class PieceCleaning {
  Transformers,  ///< nothing: the class of transformers that the files name does what there is to do
  Whitespace,    ///< open_clip's `whitespace`: repaired, HTML references resolved, runs of white space as one space
  Lower,         ///< open_clip's `lower`: the same in lower case
  Canonicalize,  ///< open_clip's `canonicalize`: the same with underscores as spaces and no ASCII punctuation
};

/// `transformers`, `whitespace`, `lower`, `canonicalize`
std::string_view name_of(PieceCleaning cleaning);

/// The cleaning of that name. **Throws** OptionError for another one.
PieceCleaning piece_cleaning(std::string_view name);

namespace detail {

/// UTF-8 for the tokenizer of the files; bad bytes become U+FFFD.
std::string cleaned_for_pieces(std::string_view text, PieceCleaning cleaning);

}  // namespace detail

/// What may be said about the files of a tokenizer.
struct PieceOptions {
  PieceCleaning cleaning = PieceCleaning::Transformers;
  std::optional<std::int64_t> padding_token{};  ///< decided by the files when not given
};

/// Text to the ids that the text tower of a SigLIP was trained with. There is no start token. Copies share the
/// vocabulary. Safe to use from several threads at once.
///
/// **Source** SentencePiece 0.2 (unigram, BPE with byte fallback), tokenizers 0.23 (Unigram and BPE of tokenizer.json),
/// SiglipTokenizer, Siglip2Tokenizer, GemmaTokenizer and T5Tokenizer of transformers 5.24, HFTokenizer of open_clip 3.3.
class PieceTokenizer {
 public:
  using Ids = std::vector<std::int64_t>;

  /// Reads spiece.model, tokenizer.model, tokenizer.json, or a folder with one of these. In a folder,
  /// tokenizer_config.json and config.json decide which file is read and which class of transformers reads it.
  ///
  /// **Throws** FileError when nothing is there, FormatError for a damaged file, OptionError for settings that this
  /// tokenizer does not have.
  static PieceTokenizer load(const std::filesystem::path& path, const PieceOptions& options = {});

  /// The ids of cleaned `text` without the end token. Never throws on bad bytes.
  Ids encode(std::string_view text) const;

  /// Ids, the end token, and padding tokens up to `context_length`; with `truncate`, the last ids of a text that is too
  /// long are left out.
  ///
  /// **Throws** DataError (with the text, its tokens and the limit) for text that is too long.
  Ids row(std::string_view text, std::int64_t context_length = 64, bool truncate = false) const;

  std::int64_t end_token() const { return end_; }          ///< `</s>` or `<eos>`: 1 in all published models
  std::int64_t padding_token() const { return padding_; }  ///< SigLIP: `</s>`; SigLIP 2: `<pad>`, which is 0
  /// Pieces of the vocabulary. An embedding may have more rows.
  std::int64_t size() const { return encoder_->size; }
  PieceCleaning cleaning() const { return cleaning_; }

  /// The piece of an id as the file spells it (`▁photo`). **Throws** OptionError for an id that there is not.
  std::string piece(std::int64_t id) const;

 private:
  explicit PieceTokenizer(detail::PieceEncoder encoder, const PieceOptions& options);

  std::shared_ptr<const detail::PieceEncoder> encoder_;
  std::int64_t end_ = 1;
  std::int64_t padding_ = 1;
  PieceCleaning cleaning_ = PieceCleaning::Transformers;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/piece_tokenizer.ipp>
#endif
