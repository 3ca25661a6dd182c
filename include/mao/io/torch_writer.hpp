// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes tensors as a file of `torch.save`, which Python opens with `torch.load(path)` and default arguments: state
/// dicts, and dicts that contain state dicts, numbers and texts.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

/// A value of the dict in a PyTorch file; the first alternative is Python's None, the last an `OrderedDict` of tensors.
using TorchValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, TensorMap>;

/// The dict of a PyTorch file, in Python's order.
using TorchDict = std::vector<std::pair<std::string, TorchValue>>;

/// Writes a dict as `torch.save` does, completely or not at all. Equal input gives equal bytes.
///
/// Every tensor is written contiguous, on the CPU, without gradient and with its own storage, even if tensors share
/// memory. **Throws** `FormatError` for an undefined or sparse tensor, an element type that
/// `read_torch_archive` does not know, a name that is not UTF-8, or more than 4 GiB; `FileError` as
/// `write_file_atomically` does.
void write_torch_archive(const std::filesystem::path& path, const TorchDict& entries);

/// Writes only a state dict: `torch.load(path)` returns an `OrderedDict`. **Throws** as above.
void write_torch_archive(const std::filesystem::path& path, const TensorMap& tensors);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/torch_writer.ipp>
#endif
