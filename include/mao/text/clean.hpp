// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How CLIP's tokenizers clean text. OpenAI's and open_clip's: repair (the part of Python's ftfy that matters for names
/// and prompts), HTML references, white space, lower case. Hugging Face's: normal form C, white space, lower
/// case.

#include <string>
#include <string_view>

namespace mao {

/// The library whose tokenizer is used: it decides how text is cleaned and how the special tokens are spelled.
enum class TextCleaning {
  OpenAi,       ///< `clean_text`; `<|startoftext|>` and `<|endoftext|>`
  OpenClip,     ///< `clean_text`; `<start_of_text>` and `<end_of_text>`
  Either,       ///< one of these two: a text that they read differently is refused
  HuggingFace,  ///< `normalized_text`; `<|startoftext|>` and `<|endoftext|>`
};

/// `OpenAI`, `open_clip`, `OpenAI or open_clip`, `transformers`
std::string_view name_of(TextCleaning cleaning);

/// Repairs text: mojibake, curly quotes, ligatures and full-width forms become plain characters, control characters and
/// terminal commands are removed, line ends become line feeds, and the result is in normal form C. HTML references are
/// resolved only in lines before the first `<`, because text with tags is meant to keep them.
///
/// **Source** the behaviour of Python's ftfy 6.3 `fix_text`; code pages other than Windows-1252 are not tried.
std::u32string repair_text(std::u32string_view text);

/// `text` repaired, HTML references resolved twice, runs of white space as one space, none at the ends: `whitespace`
/// in open_clip. Never throws; bytes that are not UTF-8 become U+FFFD.
std::u32string spaced_text(std::string_view text);

/// `text` after the cleaning of CLIP's tokenizer: repaired, HTML references resolved twice, runs of white space as one
/// space, none at the ends, lower case. Never throws; bytes that are not UTF-8 become U+FFFD.
std::string clean_text(std::string_view text);

/// `text` after the cleaning of Hugging Face's CLIP tokenizer: normal form C, runs of white space as one space, lower
/// case of each code point. Nothing is repaired; HTML references and control characters stay.
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
