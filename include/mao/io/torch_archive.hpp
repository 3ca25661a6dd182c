// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads the tensors of PyTorch's files without copying them and without running anything in them: state dicts,
/// checkpoints of Dassl (`model.pth.tar-50`) and TorchScript archives (OpenAI's `ViT-B-16.pt`).

#include <filesystem>
#include <string>

#include <mao/io/detail/bytes.hpp>
#include <mao/io/named_tensors.hpp>

namespace mao {

/// How names in a PyTorch file are converted to names of tensors.
struct TorchArchiveOptions {
  /// Removed from names that begin with it; "state_dict." makes a Dassl checkpoint look like its state dict.
  std::string strip_prefix;
};

/// Reads a PyTorch file that is in memory; the tensors share its bytes. **Throws** `FormatError`.
TensorFile parse_torch_archive(const SharedBytes& bytes, const TorchArchiveOptions& options = {});

/// Reads a file of `torch.save` or `torch.jit.save`.
///
/// Nested dicts and modules become dotted names (`state_dict.ctx`, `visual.conv1.weight`); numbers and texts of the
/// dicts become metadata (`epoch`). A module that was saved whole gives the names of its state dict; its code is not
/// needed and not run. Lists and objects of unknown classes are left out.
/// **Throws** `FileError`; `FormatError` if the file is damaged, or contains a tensor that is not plain (quantised,
/// sparse, big-endian).
inline TensorFile read_torch_archive(const std::filesystem::path& path, const TorchArchiveOptions& options = {}) {
  return parse_torch_archive(map_bytes(path), options);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/torch_archive.ipp>
#endif
