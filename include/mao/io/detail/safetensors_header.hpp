// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to safetensors.hpp: the header of a safetensors file, checked against the buffer that it describes.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <mao/core/detail/ops.hpp>

namespace mao::detail {

inline constexpr std::uint64_t max_safetensors_header = 100'000'000;  // bytes, the limit of the reference reader
/// The element types of the format that LibTorch has too, by name.
const std::map<std::string, at::ScalarType>& safetensors_types();

/// One entry of the header, checked against the buffer.
struct SafetensorsEntry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // offsets into the buffer after the header
  std::uint64_t end = 0;
};

/// Parses the JSON header; refuses deep nesting and repeated names, which JSON itself would allow.
nlohmann::json parse_safetensors_header(const char* begin, const char* end, const std::string& name);

/// Reads and checks one entry; `available` is the number of bytes after the header.
SafetensorsEntry safetensors_entry(const std::string& name, const nlohmann::json& value, std::uint64_t available,
                                   const std::string& file);

/// **Throws** `FormatError` unless the entries lie back to back and fill the buffer, as the format demands.
void check_safetensors_coverage(const std::vector<SafetensorsEntry>& entries, std::uint64_t available,
                                const std::string& file);

/// The `__metadata__` object, strings to strings.
std::map<std::string, std::string> safetensors_metadata(const nlohmann::json& value, const std::string& file);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/safetensors_header.ipp>
#endif
