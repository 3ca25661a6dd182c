// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes tensors as a file of `torch.save`, which Python opens with `torch.load(path)` and its defaults: state dicts,
/// and dicts that hold state dicts, numbers and texts.

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

/// The dict of a PyTorch file, in the order in which Python shows it.
using TorchDict = std::vector<std::pair<std::string, TorchValue>>;

/// Writes a dict as `torch.save` does, whole or not at all. Equal input gives equal bytes.
///
/// Every tensor is written contiguous, on the CPU, without gradient and with a storage of its own: tensors that shared
/// memory no longer do. **Throws** `FormatError` for an undefined or sparse tensor, an element type that
/// `read_torch_archive` does not know, a name that is not UTF-8, or more than 4 GiB; `FileError` as
/// `write_file_atomically` does.
void write_torch_archive(const std::filesystem::path& path, const TorchDict& entries);

/// Writes a state dict alone: `torch.load(path)` gives an `OrderedDict`. **Throws** as above.
void write_torch_archive(const std::filesystem::path& path, const TensorMap& tensors);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/torch_writer.ipp>
#endif
