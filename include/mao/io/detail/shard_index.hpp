// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The index of weights in several files (`model.safetensors.index.json`, `pytorch_model.bin.index.json`), as Hugging
/// Face's libraries write it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace mao::detail {

inline constexpr std::string_view index_suffix = ".index.json";

/// Which tensor is in which file.
struct ShardIndex {
  std::map<std::string, std::string> part_of;  ///< tensor to file, beside the index
  std::set<std::string> parts;
  std::optional<std::uint64_t> total_size;  ///< bytes of all tensors, where the index says it
};

/// Reads an index and checks that its parts exist. **Throws** `FormatError` if it is not an index, `FileError` naming
/// the parts that are missing.
ShardIndex read_shard_index(const std::filesystem::path& path);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/shard_index.ipp>
#endif
