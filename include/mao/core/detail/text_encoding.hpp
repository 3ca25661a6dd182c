// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// UTF-8 and what is not: byte-order marks, bytes of other encodings, names that can be printed.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mao {

/// The position of the first byte that is not UTF-8, if there is one.
std::optional<std::size_t> first_bad_byte(std::string_view text);

inline bool is_utf8(std::string_view text) { return !first_bad_byte(text); }

/// Appends one code point as UTF-8; a surrogate or a value beyond U+10FFFF becomes the replacement character U+FFFD.
void append_utf8(std::string& text, char32_t c);

/// The text with every byte that is not UTF-8 as `\xE9`, so that it fits into JSON, logs and terminals.
std::string escaped(std::string_view text);

/// As `escaped`, and control characters too: a name on one line of a terminal.
std::string printable(std::string_view text);

/// The text without UTF-8's byte-order mark. **Throws** `FormatError` naming `source` for those of UTF-16 and UTF-32.
std::string without_byte_order_mark(std::string text, const std::string& source);

/// **Throws** `FormatError` naming `source` and the line of the first byte that is not UTF-8, or is zero.
void require_utf8(std::string_view text, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/text_encoding.ipp>
#endif
