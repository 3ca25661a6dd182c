// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/safetensors_header.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <mao/config.hpp>
#include <mao/io/detail/bytes.hpp>
#include <mao/io/json_text.hpp>
#include <mao/io/named_tensors.hpp>

namespace mao::detail {

inline constexpr int max_safetensors_depth = 4;

MAO_INLINE const std::map<std::string, at::ScalarType>& safetensors_types() {
  static const std::map<std::string, at::ScalarType> types{
      {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"I64", at::kLong},
      {"I32", at::kInt},    {"I16", at::kShort}, {"I8", at::kChar},  {"U8", at::kByte},       {"BOOL", at::kBool}};
  return types;
}

MAO_INLINE nlohmann::json parse_safetensors_header(const char* begin, const char* end, const std::string& name) {
  std::set<std::string> seen;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    require<FormatError>(depth <= max_safetensors_depth, name, ": the safetensors header is nested deeper than ",
                         max_safetensors_depth, " levels");
    if (event == nlohmann::json::parse_event_t::key && depth == 1) {
      const auto& key = value.get_ref<const std::string&>();
      require<FormatError>(seen.insert(key).second, name, ": the safetensors header names \"", key, "\" twice");
    }
    return true;
  };
  try {
    auto header = nlohmann::json::parse(begin, end, check);
    require<FormatError>(header.is_object(), name, ": the safetensors header is not a JSON object");
    return header;
  } catch (const nlohmann::json::parse_error& failure) {
    throw FormatError(text_of(name, ": the safetensors header is not JSON: it cannot be read from ",
                              json_place({begin, end}, failure.byte),
                              "; expected an object of tensors. The file is damaged, or of another format"));
  } catch (const nlohmann::json::exception&) {
    throw FormatError(text_of(name, ": the safetensors header holds a number that is too large; the file is damaged"));
  }
}

/// The non-negative integers of a JSON array.
MAO_INLINE std::vector<std::uint64_t> unsigned_array(const nlohmann::json& entry, const char* key,
                                                     const std::string& what) {
  const auto found = entry.find(key);
  require<FormatError>(found != entry.end() && found->is_array(), what, ": \"", key, "\" is not an array");
  std::vector<std::uint64_t> values;
  for (const auto& value : *found) {
    require<FormatError>(value.is_number_unsigned(), what, ": \"", key, "\" holds ", value.dump(),
                         ", expected non-negative integers");
    values.push_back(value.get<std::uint64_t>());
  }
  return values;
}

MAO_INLINE SafetensorsEntry safetensors_entry(const std::string& name, const nlohmann::json& value,
                                              std::uint64_t available, const std::string& file) {
  const std::string what = text_of(file, ": tensor \"", name, "\"");
  require<FormatError>(value.is_object(), what, " is not described by an object");
  const auto dtype = value.find("dtype");
  require<FormatError>(dtype != value.end() && dtype->is_string(), what, ": \"dtype\" is missing or not a string");
  const auto type = safetensors_types().find(dtype->get<std::string>());
  require<FormatError>(type != safetensors_types().end(), what, " has dtype ", dtype->get<std::string>(),
                       ", supported are F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL");
  SafetensorsEntry entry{name, type->second, {}, 0, 0};
  for (const std::uint64_t extent : unsigned_array(value, "shape", what)) {
    require<FormatError>(extent <= static_cast<std::uint64_t>(INT64_MAX), what, ": extent ", extent, " is too large");
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const auto offsets = unsigned_array(value, "data_offsets", what);
  require<FormatError>(offsets.size() == 2, what, ": \"data_offsets\" holds ", offsets.size(), " numbers, expected 2");
  entry.begin = offsets[0];
  entry.end = offsets[1];
  require<FormatError>(entry.begin <= entry.end && entry.end <= available, what, " claims the bytes ", entry.begin,
                       " to ", entry.end, " of a buffer of ", available, "; the file is truncated or damaged");
  std::uint64_t bytes = static_cast<std::uint64_t>(checked_element_count(entry.shape, what));
  require<FormatError>(multiply<std::uint64_t>(bytes, c10::elementSize(entry.type), bytes), what, " has shape ",
                       shape_text(entry.shape), ": its size in bytes overflows 64 bits");
  require<FormatError>(bytes == entry.end - entry.begin, what, " of shape ", shape_text(entry.shape), " and dtype ",
                       type->first, " takes ", bytes, " bytes, but its offsets span ", entry.end - entry.begin);
  return entry;
}

MAO_INLINE void check_safetensors_coverage(const std::vector<SafetensorsEntry>& entries, std::uint64_t available,
                                           const std::string& file) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& entry : entries) ranges.emplace_back(entry.begin, entry.end);
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : ranges) {
    require<FormatError>(begin == covered, file, ": the tensors overlap or leave a hole at byte ", covered,
                         " of the buffer; the file is damaged");
    covered = end;
  }
  require<FormatError>(covered == available, file, ": the tensors end at byte ", covered, " of a buffer of ", available,
                       "; the file is damaged or something was appended to it");
}

MAO_INLINE std::map<std::string, std::string> safetensors_metadata(const nlohmann::json& value,
                                                                   const std::string& file) {
  require<FormatError>(value.is_object(), file, ": \"__metadata__\" is not an object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    require<FormatError>(text.is_string(), file, ": \"__metadata__\" maps \"", key, "\" to ", text.type_name(),
                         ", expected a string");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

}  // namespace mao::detail
