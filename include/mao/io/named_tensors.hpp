// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The content of a checkpoint file, and tensors that refer to its bytes.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/io/detail/bytes.hpp>

namespace mao {

/// A module of a network that was saved whole, as data: nothing in it was run.
struct ModuleRecord {
  std::string type;                               ///< `torch.nn.modules.activation.GELU`
  std::map<std::string, std::string> attributes;  ///< as text: numbers, texts, `None`, `tensor`, a class
  std::string code = {};                          ///< its class in a TorchScript archive; empty for a pickled module
  std::string hook = {};                          ///< code beside its forward: `_forward_hooks: NAME`; or empty
  TensorMap tensors = {};                         ///< tensors of a pickled module that are not in its state dict
};

/// The named tensors of a file and its string metadata.
struct TensorFile {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
  std::string checksum = {};                      ///< of the content, verified; empty for files without one
  std::map<std::string, ModuleRecord> modules{};  ///< by path (the root's is empty); none for a state dict
};

namespace detail {

inline constexpr std::size_t max_tensor_rank = 64;

/// The number of elements of `shape`, which may have any content.
///
/// **Throws** `FormatError` if an extent is negative, the rank is absurd, or the product of the non-zero extents (from
/// which strides are computed) does not fit into 63 bits. `what` names file and tensor.
std::int64_t checked_element_count(const std::vector<std::int64_t>& shape, const std::string& what);

/// A contiguous tensor over `bytes[offset...]`; the caller has checked that these bytes exist. It is a copy only if the
/// address is not aligned for the element type.
Tensor tensor_over(const SharedBytes& bytes, std::uint64_t offset, std::uint64_t length,
                   const std::vector<std::int64_t>& shape, at::ScalarType type);

/// **Throws** `FormatError` if a byte of a BOOL tensor is neither 0 nor 1, because loading it as a bool is undefined.
void check_booleans(std::span<const char> content, const std::string& what);

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/named_tensors.ipp>
#endif
