// SPDX-License-Identifier: Apache-2.0
#pragma once
// Changes safetensors files tensor by tensor and token by token of the header, so that a changed one is read beyond its
// length.
#include <mao/io/checksum.hpp>
#include <mao/io/detail/safetensors_header.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "json_mutator.hpp"

namespace mao_fuzz {

/// The header's text, and the bytes of the tensors.
struct Safetensors {
  std::string header;
  std::string data;

  /// A length that is too large is taken for the rest of the file.
  explicit Safetensors(std::string_view file) {
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), sizeof length);
    file.remove_prefix(sizeof length);
    header = file.substr(0, length);
    data = file.substr(header.size());
  }

  std::string file() const {
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
  }
};

inline nlohmann::json random_shape(Dice& dice) {
  static const std::vector<std::uint64_t> extents{0, 1,          1,          2,         2,          3,         3,
                                                  7, 1ULL << 31, 1ULL << 32, INT64_MAX, 1ULL << 63, UINT64_MAX};
  nlohmann::json shape = nlohmann::json::array();
  for (std::size_t count = below(dice, 5); count > 0; --count) shape.push_back(one_of(extents, dice));
  return shape;
}

inline std::string random_type(Dice& dice) {
  static const std::vector<std::string> types{"F64", "F32",  "F16", "BF16", "I64",     "I32",  "I16", "I8",
                                              "U8",  "BOOL", "F64", "F32",  "F16",     "BF16", "I64", "I32",
                                              "I16", "I8",   "U8",  "BOOL", "F8_E4M3", "U64",  "f32", ""};
  return one_of(types, dice);
}

/// An element of an object; its end if it is empty.
inline nlohmann::json::iterator any_of(nlohmann::json& object, Dice& dice) {
  return object.empty() ? object.end()
                        : std::next(object.begin(), static_cast<std::ptrdiff_t>(below(dice, object.size())));
}

/// A tensor or a piece of metadata comes, goes or changes.
inline void change_header(nlohmann::json& header, Dice& dice) {
  static const std::vector<std::string> names{"w",          "ctx",      "a.b",         "", "mao_checksum",
                                              "mao_method", "\xc3\xa9", "__metadata__"};
  const std::string& name = one_of(names, dice);
  nlohmann::json::iterator tensor = any_of(header, dice);
  const bool is_tensor = tensor != header.end() && tensor->is_object() && tensor.key() != "__metadata__";
  switch (below(dice, 6)) {
    case 0:
      header[name] = {{"dtype", random_type(dice)}, {"shape", random_shape(dice)}, {"data_offsets", {0, 0}}};
      break;
    case 1:
      if (is_tensor) (*tensor)["dtype"] = random_type(dice);
      break;
    case 2:
      if (is_tensor) (*tensor)["shape"] = random_shape(dice);
      break;
    case 3:
      if (tensor != header.end()) header.erase(tensor);
      break;
    case 4:
      if (is_tensor) header[tensor.key() + name] = nlohmann::json(*tensor);
      break;
    default: {
      nlohmann::json& metadata = header["__metadata__"];
      if (metadata.is_null() || metadata.is_object()) metadata[name] = random_type(dice);
    }
  }
}

/// The bytes that an entry needs, if it is one of a tensor of up to 4096 bytes.
inline std::optional<std::uint64_t> size_of(const nlohmann::json& entry) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape")) return std::nullopt;
  const nlohmann::json& dtype = entry["dtype"];
  const nlohmann::json& shape = entry["shape"];
  const auto type = dtype.is_string() ? mao::detail::safetensors_types().find(dtype.get<std::string>())
                                      : mao::detail::safetensors_types().end();
  if (type == mao::detail::safetensors_types().end() || !shape.is_array()) return std::nullopt;
  std::uint64_t size = c10::elementSize(type->second);
  for (const nlohmann::json& extent : shape) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > 4096) return std::nullopt;
    size *= extent.get<std::uint64_t>();
    if (size > 4096) return std::nullopt;
  }
  return size;
}

/// Gives the tensors bytes back to back, in some order, and the file as many; truth values are 0 and 1.
inline void lay_out(nlohmann::json& header, std::string& data, Dice& dice) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : header.items()) {
    if (size_of(entry)) names.push_back(name);
  }
  std::shuffle(names.begin(), names.end(), dice);
  std::uint64_t end = 0;
  for (const std::string& name : names) {
    nlohmann::json& entry = header[name];
    const std::uint64_t begin = end;
    end += *size_of(entry);
    entry["data_offsets"] = {begin, end};
    if (data.size() < end) data.resize(end);
    if (entry["dtype"] != "BOOL") continue;
    for (std::uint64_t i = begin; i < end; ++i) data[i] &= 1;
  }
  data.resize(end);
}

/// The checksum that the file should have, if it has one.
inline void set_checksum(nlohmann::json& header, const std::string& data) {
  const auto metadata = header.find("__metadata__");
  if (metadata == header.end() || !metadata->is_object() || !metadata->contains("mao_checksum")) return;
  nlohmann::json summed = header;
  summed["__metadata__"].erase("mao_checksum");
  if (summed["__metadata__"].empty()) summed.erase("__metadata__");
  const std::string text = summed.dump() + data;
  mao::detail::Checksum sum;
  sum.add(text.data(), text.size());
  (*metadata)["mao_checksum"] = sum.text();
}

/// `file`, of 8 bytes at least, with one to three changes of its tensors, or of the header's tokens, or of the bytes.
inline std::string mutated_safetensors(std::string_view file, Dice& dice) {
  static const std::vector<std::string> tokens{"\"dtype\"",
                                               "\"shape\"",
                                               "\"data_offsets\"",
                                               "\"__metadata__\"",
                                               "\"mao_checksum\"",
                                               "\"F32\"",
                                               "\"BOOL\"",
                                               "\"I64\"",
                                               "\"BF16\"",
                                               "[0,8]",
                                               "[2]",
                                               "[]",
                                               "{}",
                                               "8",
                                               "-0",
                                               "2.0",
                                               "\"w\"",
                                               "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"};
  Safetensors parts(file);
  const std::size_t kind = below(dice, 8);
  if (kind == 0) parts.data = mutated(parts.data);
  nlohmann::json header = nlohmann::json::parse(parts.header, nullptr, false);
  if (header.is_object()) {
    for (std::size_t count = kind < 5 ? below(dice, 3) : 0; count > 0; --count) change_header(header, dice);
    if (kind < 5 && below(dice, 8) != 0) lay_out(header, parts.data, dice);
    if (below(dice, 4) != 0) set_checksum(header, parts.data);
    parts.header = header.dump();
  }
  if (kind >= 5 || !header.is_object()) parts.header = mutated_json(parts.header, tokens, dice);
  if (below(dice, 2) == 0) parts.header.resize((parts.header.size() + 7) / 8 * 8, ' ');
  return parts.file();
}

}  // namespace mao_fuzz
