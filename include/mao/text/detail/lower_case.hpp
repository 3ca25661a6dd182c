// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Lower case of whole strings, with the two rules of Unicode that one code point alone cannot follow.

#include <string>
#include <string_view>

namespace mao {

/// Lower case as Python's `str.lower`: capital sigma at the end of a word becomes its final form, dotted capital I
/// becomes i with a combining dot.
std::u32string lower_case(std::u32string_view text);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/lower_case.ipp>
#endif
