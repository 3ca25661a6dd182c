// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Mojibake: UTF-8 text that was once read as Latin-1 or Windows-1252 (`cafÃ©`), turned back. Other code pages are not
/// tried, and text that could be meant as it stands is left alone.

#include <string>

namespace mao::detail {

/// `line` with its mojibake, also that of several layers, turned back.
std::u32string without_mojibake(std::u32string line);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/mojibake.ipp>
#endif
