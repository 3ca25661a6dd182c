// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// HTML character references (`&amp;`, `&#39;`, `&#xE9;`) back to characters, by the rules of HTML 5 for the names of
/// HTML 4.

#include <cstddef>
#include <string>
#include <string_view>

namespace mao {

namespace detail {

/// What Windows-1252 shows for the bytes 0x80 to 0x9F; the five bytes without a character stay as they are.
inline constexpr std::u32string_view windows_1252_block =
    U"\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\x8D\u017D\x8F"
    U"\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178";

struct Reference {
  std::u32string text;
  std::size_t length = 0;  ///< characters used after the ampersand; 0: this is not a reference
};

}  // namespace detail

/// `text` with its character references resolved once (so `&amp;lt;` gives `&lt;`). With `only_complete`, references
/// that lack their semicolon stay.
std::u32string html_unescape(std::u32string_view text, bool only_complete = false);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/html.ipp>
#endif
