// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/json_pieces.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/sentence_piece.hpp>
#include <mao/text/detail/unicode.hpp>
#include <mao/text/detail/unigram.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao::detail {

/// **Throws** OptionError unless the key is missing or its value is one of `accepted`.
MAO_INLINE void expect_value(const nlohmann::json& section, const char* key,
                             std::initializer_list<nlohmann::json> accepted, const std::string& where) {
  if (!section.contains(key)) return;
  if (std::find(accepted.begin(), accepted.end(), section[key]) != accepted.end()) return;
  refuse_section(section[key], where + " " + key, accepted.begin()->dump());
}

MAO_INLINE void read_unigram(const nlohmann::json& section, const std::string& where, JsonModel& model) {
  const auto& vocabulary = section.contains("vocab") ? section["vocab"] : nlohmann::json();
  require<FormatError>(vocabulary.is_array() && !vocabulary.empty(), where,
                       ": expected a vocabulary, a list of pieces and their scores");
  for (const auto& entry : vocabulary) {
    require<FormatError>(entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_number(), where,
                         ": entry ", model.pieces.size(), " of the vocabulary is not a piece with its score");
    model.pieces.push_back(entry[0].get<std::string>());
    model.scores.push_back(entry[1].get<double>());
    require<FormatError>(!model.pieces.back().empty() && std::isfinite(model.scores.back()), where, ": piece ",
                         model.pieces.size() - 1, " is empty, or its score is not finite");
  }
  model.unknown_id = value_or<std::int64_t>(section, "unk_id", -1);
  require<FormatError>(model.unknown_id >= 0 && model.unknown_id < std::ssize(model.pieces), where, ": unk_id is ",
                       model.unknown_id, ", expected one of the ", model.pieces.size(), " pieces");
}

/// `"left right"` or `["left", "right"]`
MAO_INLINE std::pair<std::string, std::string> merge_of(const nlohmann::json& entry, const std::string& where) {
  if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
    return {entry[0].get<std::string>(), entry[1].get<std::string>()};
  }
  const std::string text = entry.is_string() ? entry.get<std::string>() : std::string();
  const std::size_t space = text.find(' ');
  require<FormatError>(space != std::string::npos && text.find(' ', space + 1) == std::string::npos, where,
                       ": a merge is '", printable(text), "'; expected two pieces");
  return {text.substr(0, space), text.substr(space + 1)};
}

MAO_INLINE void read_merges_of(const nlohmann::json& section, const std::string& where, JsonModel& model) {
  const auto& merges = section.contains("merges") ? section["merges"] : nlohmann::json();
  require<FormatError>(merges.is_array(), where, ": expected a list of merges");
  std::unordered_map<std::string_view, std::int64_t> ids;
  ids.reserve(model.pieces.size());
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    if (!model.pieces[i].empty()) ids.emplace(model.pieces[i], static_cast<std::int64_t>(i));
  }
  const auto id_of = [&](const std::string& piece) {
    const auto found = ids.find(piece);
    require<FormatError>(found != ids.end(), where, ": a merge uses or makes '", printable(piece),
                         "', which is not in the vocabulary");
    return found->second;
  };
  model.merges.reserve(merges.size());
  for (const auto& entry : merges) {
    const auto [left, right] = merge_of(entry, where);
    const std::size_t rank = static_cast<std::size_t>(&entry - &merges[0]);
    model.merges[pair_key(id_of(left), id_of(right))] = {rank, id_of(left + right)};
  }
}

MAO_INLINE void read_bpe(const nlohmann::json& section, const std::string& where, JsonModel& model) {
  expect_value(section, "dropout", {nullptr, 0.0}, where);
  expect_value(section, "continuing_subword_prefix", {nullptr, ""}, where);
  expect_value(section, "end_of_word_suffix", {nullptr, ""}, where);
  require<FormatError>(section.contains("vocab"), where, ": expected a vocabulary, an object of pieces and their ids");
  model.unigram = false;
  model.pieces = tokens_by_id(section["vocab"], where);
  const auto named = std::count_if(model.pieces.begin(), model.pieces.end(), [](const auto& p) { return !p.empty(); });
  require<FormatError>(named == std::ssize(section["vocab"]), where, ": two pieces of the vocabulary have the same id");
  model.fuse_unknown = value_or(section, "fuse_unk", false);
  model.whole_words = value_or(section, "ignore_merges", false);
  const auto unknown = value_or<std::string>(section, "unk_token", "");
  if (!unknown.empty()) {
    const auto found = std::find(model.pieces.begin(), model.pieces.end(), unknown);
    require<FormatError>(found != model.pieces.end(), where, ": the unk_token '", printable(unknown),
                         "' is not in the vocabulary");
    model.unknown_id = found - model.pieces.begin();
  }
  read_merges_of(section, where, model);
}

MAO_INLINE JsonModel read_json_model(const nlohmann::json& section, const std::string& where) {
  JsonModel model;
  require<FormatError>(section.is_object(), where, ": expected the tokenizer.json of a SigLIP, with a section 'model'");
  require<FormatError>(!section.contains("type") || section["type"].is_string(), where, ".type is not a text");
  std::string type = type_of(section);
  if (type.empty()) type = section.contains("merges") ? "BPE" : section.contains("unk_id") ? "Unigram" : "";
  model.byte_fallback = value_or(section, "byte_fallback", false);
  if (type == "Unigram") {
    read_unigram(section, where, model);
  } else if (type == "BPE") {
    read_bpe(section, where, model);
  } else {
    throw OptionError(text_of(where, " is a model of type '", printable(type), "'; mao reads Unigram and BPE here"));
  }
  return model;
}

MAO_INLINE JsonPieces::JsonPieces(JsonModel model, JsonSteps steps, const std::string& where)
    : model_(std::move(model)),
      normalizer_(std::move(steps.normalizer)),
      pre_tokenizer_(std::move(steps.pre_tokenizer)) {
  index_pieces(where);
  find_bytes(where);
  std::vector<AddedPiece> raw, normalized;
  size_ = std::ssize(model_.pieces);
  for (AddedPiece& piece : steps.added) {
    if (piece.text.empty() || added_ids_.contains(piece.text)) continue;
    const std::int64_t known = index_.find(piece.text), id = known >= 0 ? known : size_;
    require<FormatError>(piece.id < 0 || piece.id == id, where, ": the added token '", printable(piece.text),
                         "' states the id ", piece.id, ", expected ", id,
                         known >= 0 ? ", which it has in the vocabulary" : ", the first that is free");
    piece.id = id;
    size_ = std::max(size_, id + 1);
    added_ids_.emplace(piece.text, piece.id);
    if (piece.normalized) piece.text = normalize(piece.text);
    (piece.normalized ? normalized : raw).push_back(std::move(piece));
  }
  raw_ = AddedPieces(std::move(raw));
  normalized_ = AddedPieces(std::move(normalized));
}

MAO_INLINE void JsonPieces::index_pieces(const std::string& where) {
  std::vector<PieceIndex::Entry> entries;
  entries.reserve(model_.pieces.size());
  for (std::size_t i = 0; i < model_.pieces.size(); ++i) {
    if (!model_.pieces[i].empty()) entries.push_back(PieceIndex::entry(model_.pieces[i], static_cast<std::int64_t>(i)));
  }
  index_ = PieceIndex(std::move(entries));
  const auto* const repeated = index_.repeated();
  require<FormatError>(repeated == nullptr, where, ": the piece '", repeated ? printable(repeated->piece) : "",
                       "' stands twice in the vocabulary");
  lowest_ = std::numeric_limits<double>::infinity();
  for (const double score : model_.scores) lowest_ = std::min(lowest_, score);
}

MAO_INLINE void JsonPieces::find_bytes(const std::string& where) {
  if (!model_.byte_fallback) return;
  std::size_t missing = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    byte_ids_.push_back(index_.find(byte_piece(byte)));
    missing += byte_ids_.back() < 0 ? 1 : 0;
  }
  require<OptionError>(missing == 0 || missing == 256, where, ": byte_fallback is true, but ", missing,
                       " of the pieces <0x00> to <0xFF> are missing; expected all of them, or none");
  if (missing > 0) byte_ids_.clear();
}

MAO_INLINE std::int64_t JsonPieces::find(std::string_view piece) const {
  const auto added = added_ids_.find(std::string(piece));
  return added != added_ids_.end() ? added->second : index_.find(piece);
}

MAO_INLINE std::string JsonPieces::piece(std::int64_t id) const {
  if (id < std::ssize(model_.pieces)) return model_.pieces[static_cast<std::size_t>(id)];
  for (const auto& [text, added] : added_ids_) {
    if (added == id) return text;
  }
  return {};
}

MAO_INLINE std::string JsonPieces::normalize(std::string_view text) const {
  std::string result(text);
  for (const TextStep& step : normalizer_) result = step(result);
  return result;
}

MAO_INLINE JsonPieces::Ids JsonPieces::encode(std::string_view text) const {
  Ids ids;
  for (const TextSegment& segment : raw_.split(text, &is_white_space)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
      continue;
    }
    const std::string normalized = normalize(segment.text);
    for (const TextSegment& part : normalized_.split(normalized, &is_white_space)) {
      part.id >= 0 ? ids.push_back(part.id) : append_text(part.text, ids);
    }
  }
  return ids;
}

MAO_INLINE void JsonPieces::append_text(std::string_view text, Ids& ids) const {
  std::vector<std::string> words{std::string(text)};
  for (const SplitStep& step : pre_tokenizer_) {
    std::vector<std::string> smaller;
    for (const std::string& word : words) {
      for (std::string& part : step(word)) smaller.push_back(std::move(part));
    }
    words = std::move(smaller);
  }
  for (const std::string& word : words) append_word(word, ids);
}

MAO_INLINE void JsonPieces::append_word(std::string_view word, Ids& ids) const {
  if (word.empty()) return;
  model_.unigram ? append_probable(word, ids) : append_merged(word, ids);
}

MAO_INLINE void JsonPieces::append_probable(std::string_view word, Ids& ids) const {
  constexpr double unknown_penalty = 10;
  const auto pieces = most_probable<double>(
      word, index_, lowest_ - unknown_penalty,
      [this](std::int64_t id, std::size_t) { return model_.scores[static_cast<std::size_t>(id)]; });
  const auto is_unknown = [this](const TextPiece& piece) { return piece.id < 0 || piece.id == model_.unknown_id; };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    TextPiece piece = pieces[i];
    while (is_unknown(piece) && i + 1 < pieces.size() && is_unknown(pieces[i + 1])) piece.size += pieces[++i].size;
    const auto text = word.substr(piece.begin, piece.size);
    const std::int64_t id = is_unknown(piece) ? index_.find(text) : piece.id;
    if (id < 0 && !byte_ids_.empty()) {
      for (const char c : text) ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    } else {
      ids.push_back(id < 0 ? model_.unknown_id : id);
    }
  }
}

MAO_INLINE std::vector<MergeSymbol> JsonPieces::symbols_of(std::string_view word) const {
  std::vector<MergeSymbol> symbols;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t size = std::min(character_size(word[begin]), word.size() - begin);
    const std::int64_t id = index_.find(word.substr(begin, size));
    if (id < 0 && !byte_ids_.empty()) {
      for (std::size_t i = 0; i < size; ++i) {
        symbols.push_back({begin + i, 1, byte_ids_[static_cast<unsigned char>(word[begin + i])]});
      }
    } else if (id >= 0 || model_.unknown_id >= 0) {
      const bool fuse = id < 0 && model_.fuse_unknown && !symbols.empty() && symbols.back().fixed;
      if (fuse) symbols.back().size += size;
      // An unknown character joins with nothing unless a merge names the unknown token, which no trained model has.
      if (!fuse) symbols.push_back({begin, size, id < 0 ? model_.unknown_id : id, id < 0});
    }
    begin += size;
  }
  return symbols;
}

MAO_INLINE void JsonPieces::append_merged(std::string_view word, Ids& ids) const {
  if (model_.whole_words) {
    if (const std::int64_t id = index_.find(word); id >= 0) return ids.push_back(id);
  }
  auto symbols = symbols_of(word);
  using Result = std::optional<MergeResult<std::size_t>>;
  merge_all<std::size_t>(symbols, [this](const MergeSymbol& left, const MergeSymbol& right) -> Result {
    const auto found = model_.merges.find(pair_key(left.id, right.id));
    return found == model_.merges.end() ? Result() : Result(found->second);
  });
  for (const MergeSymbol& symbol : symbols) {
    if (symbol.size > 0) ids.push_back(symbol.id);
  }
}

}  // namespace mao::detail
