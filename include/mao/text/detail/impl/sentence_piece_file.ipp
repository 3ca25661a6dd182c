// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/sentence_piece_file.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// One field after another of a message in the wire format of protocol buffers.
class WireReader {
 public:
  WireReader(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  /// Moves to the next field; false at the end. **Throws** FormatError when it is cut short.
  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    number_ = key >> 3;
    value_ = 0;
    bytes_ = {};
    switch (key & 7) {
      case 0:
        value_ = varint();
        break;
      case 1:
        bytes_ = take(8);
        break;
      case 2:
        bytes_ = take(varint());
        break;
      case 5:
        bytes_ = take(4);
        for (std::size_t i = 4; i > 0; --i) value_ = value_ << 8 | static_cast<unsigned char>(bytes_[i - 1]);
        break;
      default:
        refuse();
    }
    wire_ = key & 7;
    require<FormatError>(number_ > 0, where_, not_a_model);
    return true;
  }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::int64_t integer() const { return expect(0), static_cast<std::int64_t>(value_); }
  [[nodiscard]] bool flag() const { return integer() != 0; }
  [[nodiscard]] std::string_view bytes() const { return expect(2), bytes_; }
  [[nodiscard]] float real() const { return expect(5), std::bit_cast<float>(static_cast<std::uint32_t>(value_)); }

 private:
  static constexpr const char* not_a_model =
      " is damaged, cut short, or no SentencePiece model; expected the spiece.model or tokenizer.model of the "
      "checkpoint";

  [[noreturn]] void refuse() const { throw FormatError(where_ + not_a_model); }
  void expect(std::uint64_t wire) const {
    if (wire_ != wire) refuse();
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) refuse();
    const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    refuse();
  }

  std::string_view rest_;
  const std::string& where_;
  std::uint64_t number_ = 0, value_ = 0, wire_ = 0;
  std::string_view bytes_{};
};

MAO_INLINE ScoredPiece read_piece(std::string_view message, const std::string& where) {
  ScoredPiece piece;
  for (WireReader field(message, where); field.next();) {
    if (field.number() == 1) piece.text = field.bytes();
    if (field.number() == 2) piece.score = field.real();
    if (field.number() == 3) {
      const std::int64_t kind = field.integer();
      require<FormatError>(kind >= 1 && kind <= 6, where, ": a piece is of kind ", kind, ", which SentencePiece lacks");
      piece.kind = static_cast<PieceKind>(kind);
    }
  }
  require<FormatError>(!piece.text.empty() && is_utf8(piece.text), where, ": a piece is empty or no UTF-8 ('",
                       printable(piece.text), "')");
  require<FormatError>(std::isfinite(piece.score), where, ": the score of the piece '", printable(piece.text),
                       "' is not finite");
  return piece;
}

MAO_INLINE void read_trainer(std::string_view message, const std::string& where, SentencePieceFile& file) {
  for (WireReader field(message, where); field.next();) {
    switch (field.number()) {
      case 3: {
        const std::int64_t kind = field.integer();
        require<OptionError>(kind == 1 || kind == 2, where, ": a SentencePiece model of kind ", kind,
                             kind == 3 ? " (word)" : kind == 4 ? " (char)" : "", "; mao reads unigram (1) and bpe (2)");
        file.unigram = kind == 1;
        break;
      }
      case 24:
        file.space_behind = field.flag();
        break;
      case 35:
        file.byte_fallback = field.flag();
        break;
      case 47:
        file.end_piece = field.bytes();
        break;
      case 48:
        file.padding_piece = field.bytes();
        break;
      default:
        break;
    }
  }
}

MAO_INLINE void read_normalizer(std::string_view message, const std::string& where, SentencePieceFile& file) {
  for (WireReader field(message, where); field.next();) {
    if (field.number() == 2) file.charsmap = field.bytes();
    if (field.number() == 3) file.dummy_prefix = field.flag();
    if (field.number() == 4) file.remove_extra_spaces = field.flag();
    if (field.number() == 5) file.mark_spaces = field.flag();
  }
}

MAO_INLINE SentencePieceFile parse_sentence_piece(std::string_view bytes, const std::string& where) {
  SentencePieceFile file;
  for (WireReader field(bytes, where); field.next();) {
    if (field.number() == 1) file.pieces.push_back(read_piece(field.bytes(), where));
    if (field.number() == 2) read_trainer(field.bytes(), where, file);
    if (field.number() == 3) read_normalizer(field.bytes(), where, file);
  }
  const auto is_unknown = [](const ScoredPiece& piece) { return piece.kind == PieceKind::Unknown; };
  const auto unknown = std::find_if(file.pieces.begin(), file.pieces.end(), is_unknown);
  require<FormatError>(unknown != file.pieces.end(), where,
                       ": no SentencePiece model, or one without an unknown piece (", file.pieces.size(),
                       " pieces); expected the spiece.model or tokenizer.model of the checkpoint");
  require<FormatError>(std::count_if(file.pieces.begin(), file.pieces.end(), is_unknown) == 1, where,
                       ": more than one piece is the unknown piece");
  file.unknown_id = unknown - file.pieces.begin();
  return file;
}

}  // namespace mao::detail
