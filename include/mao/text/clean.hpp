// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How CLIP's tokenizers clean text before they look at it. OpenAI's and open_clip's: repair (the part of Python's ftfy
/// that matters for names and prompts), HTML references, white space, lower case. Hugging Face's: normal form C, white
/// space, lower case.

#include <string>
#include <string_view>

namespace mao {

/// Whose tokenizer reads a text: how it is cleaned, and which spelling of start and end in it is a special token.
enum class TextCleaning {
  OpenAi,       ///< `clean_text`; `<|startoftext|>` and `<|endoftext|>`
  OpenClip,     ///< `clean_text`; `<start_of_text>` and `<end_of_text>`
  Either,       ///< one of these two, not known which: a text that they read differently is refused
  HuggingFace,  ///< `normalized_text`; `<|startoftext|>` and `<|endoftext|>`
};

/// `OpenAI`, `open_clip`, `OpenAI or open_clip`, `transformers`
std::string_view name_of(TextCleaning cleaning);

/// Text as it was meant: mojibake turned back, curly quotes straight, ligatures and full-width forms plain, control
/// characters and terminal commands gone, line ends as line feeds, normal form C. HTML references are resolved in lines
/// before the first `<`, since text with tags is meant to keep them.
///
/// **Source** the behaviour of Python's ftfy 6.3 `fix_text`; code pages other than Windows-1252 are not tried.
std::u32string repair_text(std::u32string_view text);

/// `text` repaired, HTML references resolved twice, runs of white space as one space, none at the ends: what open_clip
/// calls `whitespace`. Never throws; bytes that are not UTF-8 become U+FFFD.
std::u32string spaced_text(std::string_view text);

/// What CLIP's tokenizer sees of `text`: repaired, HTML references resolved twice, runs of white space as one space,
/// none at the ends, lower case. Never throws; bytes that are not UTF-8 become U+FFFD.
std::string clean_text(std::string_view text);

/// What the tokenizer of Hugging Face's CLIP sees of `text`: normal form C, runs of white space as one space, lower
/// case of each code point. Nothing is repaired, HTML references and control characters stay.
///
/// **Source** transformers 5.24, CLIPTokenizer: `normalizers.Sequence([NFC(), Replace(Regex(r"\s+"), " "),
/// Lowercase()])`.
std::u32string normalized_text(std::u32string_view text);

namespace detail {

/// Runs of white space as one space, none at the ends.
std::u32string with_single_spaces(std::u32string_view text);

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/clean.ipp>
#endif
