// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The format of `torch.save` before PyTorch 1.6: pickles one behind the other, then the storages one behind the other.

#include <map>
#include <span>
#include <string>

#include <mao/io/detail/bytes.hpp>
#include <mao/io/detail/pickle_value.hpp>
#include <mao/io/detail/zip_archive.hpp>

namespace mao::detail {

/// A file of the older format: what was saved, and where its storages lie.
struct LegacyTorchFile {
  PickleValue root;
  std::map<std::string, ZipEntry> records;

  [[nodiscard]] ZipEntry record(const std::string& key, const std::string& file) const;
};

/// Whether the bytes begin with the magic number of the older format, as a pickle of protocol 2.
bool recognises_legacy_torch_file(std::span<const char> bytes);

/// Reads pickles and the places of storages: magic number, version 1001, a dict about the machine, what was saved, the
/// keys of the storages, then for each its number of elements (8 bytes) and its elements. **Throws** `FormatError`.
LegacyTorchFile open_legacy_torch_file(const SharedBytes& bytes);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/torch_legacy.ipp>
#endif
