// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads safetensors files without copying, and writes them. The format of mao's own checkpoints.
///
/// Layout: 8 bytes header length (little-endian), a JSON header `{name: {dtype, shape, data_offsets}, "__metadata__":
/// {string: string}}`, then the tensors back to back. Files are treated as hostile: every number is checked.
///
/// Written files contain a checksum in their metadata, `mao_checksum`: XXH64 over the header without it (JSON, keys
/// sorted, no blanks) and all bytes after the header. If a file has a checksum, it must be right.

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include <mao/io/detail/bytes.hpp>
#include <mao/io/named_tensors.hpp>

namespace mao {

/// Reads a safetensors file in memory. The tensors share its bytes (or copy them if the alignment of the element type
/// requires it). **Throws** `FormatError`.
TensorFile parse_safetensors(const SharedBytes& bytes);

/// Reads a safetensors file; the tensors are the mapped file itself, which the system loads on access.
///
/// They may be written to (the file does not change) and keep the mapping alive. **Throws** `FileError`, `FormatError`.
inline TensorFile read_safetensors(const std::filesystem::path& path) { return parse_safetensors(map_bytes(path)); }

/// Writes tensors and metadata as one safetensors file, completely or not at all. Equal input gives equal bytes.
///
/// **Throws** `FormatError` for an undefined tensor or an element type outside the format, `FileError` as
/// `write_file_atomically` does, which `before_rename` is for.
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata = {},
                       const std::function<void()>& before_rename = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/safetensors.ipp>
#endif
