// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Memory of mapped files that is not needed for now.

#include <cstddef>
#include <span>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// Gives back the memory of the whole pages in `bytes` if they are pages of a mapped file as the file has them; who reads
/// them later gets them from the file again. A range with a page that was written to, and memory that is not a file's,
/// stay as they are. False when nothing was given back. On Linux; elsewhere it does nothing.
bool drop_mapped_pages(std::span<const std::byte> bytes);

/// The same for the values of a tensor that lie in one piece.
bool drop_mapped_pages(const Tensor& weight);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/mapped_pages.ipp>
#endif
