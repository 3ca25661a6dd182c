// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Decompresses what zip files call deflated.

#include <cstdint>
#include <span>
#include <string>

namespace mao {

/// The `size` bytes that a raw deflate stream holds. `what` names file and entry.
///
/// **Throws** `FormatError` for a stream that is damaged, or holds more or fewer bytes.
std::string inflated(std::span<const char> packed, std::uint64_t size, const std::string& what);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/inflate.ipp>
#endif
