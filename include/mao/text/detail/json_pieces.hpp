// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The encoder of a tokenizer.json whose model is Unigram, or BPE over characters: added tokens, normalizer,
/// pre-tokenizer, model.
///
/// **Source** tokenizers 0.23.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/text/detail/added_pieces.hpp>
#include <mao/text/detail/heap_merges.hpp>
#include <mao/text/detail/piece_index.hpp>
#include <mao/text/detail/text_steps.hpp>

namespace mao::detail {

/// The section `model`.
struct JsonModel {
  std::vector<std::string> pieces{};                                     ///< by id; an id may have none, which is empty
  bool unigram = true;                                                   ///< else byte-pair merges
  std::vector<double> scores{};                                          ///< unigram
  std::unordered_map<std::uint64_t, MergeResult<std::size_t>> merges{};  ///< by `pair_key`
  std::int64_t unknown_id = -1;                                          ///< -1: unknown characters are left out
  bool byte_fallback = false;
  bool fuse_unknown = true;
  bool whole_words = false;  ///< a word that is a piece is not merged (`ignore_merges`)
};

inline std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

/// **Throws** FormatError or OptionError that names `where` and what is wrong.
JsonModel read_json_model(const nlohmann::json& section, const std::string& where);

struct JsonSteps {
  std::vector<TextStep> normalizer{};
  std::vector<SplitStep> pre_tokenizer{};
  std::vector<AddedPiece> added{};
};

class JsonPieces {
 public:
  using Ids = std::vector<std::int64_t>;

  /// An added piece has the id of its text in the model, else the next free one, in their order. **Throws**
  /// `FormatError` for one that states another id.
  JsonPieces(JsonModel model, JsonSteps steps, const std::string& where);
  JsonPieces(const JsonPieces&) = delete;
  JsonPieces& operator=(const JsonPieces&) = delete;

  /// The ids of UTF-8 text.
  [[nodiscard]] Ids encode(std::string_view text) const;

  /// The id of a piece of the model or an added one; -1: there is none.
  [[nodiscard]] std::int64_t find(std::string_view piece) const;

  /// Pieces of the model and added ones.
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// The text of an id; empty where there is none.
  [[nodiscard]] std::string piece(std::int64_t id) const;

  [[nodiscard]] const JsonModel& model() const { return model_; }

 private:
  [[nodiscard]] std::string normalize(std::string_view text) const;
  void append_text(std::string_view text, Ids& ids) const;
  void append_word(std::string_view word, Ids& ids) const;
  void append_probable(std::string_view word, Ids& ids) const;
  void append_merged(std::string_view word, Ids& ids) const;
  [[nodiscard]] std::vector<MergeSymbol> symbols_of(std::string_view word) const;
  void find_bytes(const std::string& where);
  void index_pieces(const std::string& where);

  JsonModel model_;
  std::vector<TextStep> normalizer_;
  std::vector<SplitStep> pre_tokenizer_;
  PieceIndex index_;
  std::unordered_map<std::string, std::int64_t> added_ids_;
  std::int64_t size_ = 0;
  AddedPieces raw_, normalized_;
  std::vector<std::int64_t> byte_ids_;
  double lowest_ = 0;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/json_pieces.ipp>
#endif
