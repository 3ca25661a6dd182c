// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a checkpoint file holds once it is read, and tensors that lie over its bytes.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/io/detail/bytes.hpp>

namespace mao {

/// A module of a file that holds a whole network, as data: nothing of it was run.
struct ModuleRecord {
  std::string type;                               ///< `torch.nn.modules.activation.GELU`
  std::map<std::string, std::string> attributes;  ///< as text: numbers, texts, `None`, `tensor`, a class
  std::string code = {};                          ///< its class in a TorchScript archive; empty for a pickled module
  std::string hook = {};                          ///< what runs beside its forward: `_forward_hooks: NAME`; else empty
  TensorMap tensors = {};                         ///< of a pickled module, those that are no part of its state dict
};

/// The named tensors of a file and its string metadata.
struct TensorFile {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
  std::string checksum = {};                      ///< of the content, verified; empty for files that hold none
  std::map<std::string, ModuleRecord> modules{};  ///< by path, the root's is empty; none for a state dict
};

namespace detail {

inline constexpr std::size_t max_tensor_rank = 64;

/// The number of elements of `shape`, which may hold anything.
///
/// **Throws** `FormatError` when an extent is negative, the rank is absurd, or the product of the non-zero extents
/// (which strides are made from) does not fit into 63 bits. `what` names file and tensor.
std::int64_t checked_element_count(const std::vector<std::int64_t>& shape, const std::string& what);

/// A contiguous tensor over `bytes[offset...]`, which the caller has checked to be there: without a copy where the
/// address suits the element type, otherwise a copy.
Tensor tensor_over(const SharedBytes& bytes, std::uint64_t offset, std::uint64_t length,
                   const std::vector<std::int64_t>& shape, at::ScalarType type);

/// **Throws** `FormatError` when a byte of a BOOL tensor is neither 0 nor 1, which no program may load as a bool.
void check_booleans(std::span<const char> content, const std::string& what);

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/named_tensors.ipp>
#endif
