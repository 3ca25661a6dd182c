// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The character map of a SentencePiece model (nmt_nfkc and the like): which sequences of bytes are replaced by which.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mao::detail {

/// A double-array trie, and the texts that its leaves point to.
class Charsmap {
 public:
  struct Match {
    std::size_t length;        ///< bytes of the text
    std::string_view meaning;  ///< what stands for them
  };

  Charsmap() = default;

  /// **Throws** FormatError that names `where` for bytes that are something else. No bytes give an empty map.
  Charsmap(std::string_view bytes, const std::string& where);

  [[nodiscard]] bool empty() const { return units_.empty(); }

  /// The longest sequence that `text` begins with.
  [[nodiscard]] std::optional<Match> longest(std::string_view text) const { return match(text, true); }
  /// The shortest one.
  [[nodiscard]] std::optional<Match> shortest(std::string_view text) const { return match(text, false); }

 private:
  [[nodiscard]] std::optional<Match> match(std::string_view text, bool longest) const;

  std::vector<std::uint32_t> units_;
  std::string meanings_;  // each ends in a zero
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/charsmap.ipp>
#endif
