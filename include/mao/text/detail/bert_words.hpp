// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How BERT's uncased models cut text into words before they look for pieces of them.

#include <string>
#include <string_view>
#include <vector>

namespace mao::detail {

/// Words of normalised text; every punctuation character is one by itself.
std::vector<std::u32string> bert_words(std::string_view text);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/bert_words.ipp>
#endif
