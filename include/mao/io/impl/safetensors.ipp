// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/safetensors.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/io/checksum.hpp>
#include <mao/io/detail/safetensors_header.hpp>
#include <mao/io/files.hpp>

namespace mao::detail {

inline constexpr const char* checksum_key = "mao_checksum";

/// The checksum over a header, with or without its checksum, to which the bytes behind it are added.
MAO_INLINE Checksum checksum_of(nlohmann::json header) {
  if (const auto metadata = header.find("__metadata__"); metadata != header.end()) {
    metadata->erase(checksum_key);
    if (metadata->empty()) header.erase(metadata);
  }
  const std::string text = header.dump();
  Checksum sum;
  sum.add(text.data(), text.size());
  return sum;
}

/// Moves the checksum out of the metadata. **Throws** `FormatError` when there is one and it is not that of the
/// content.
MAO_INLINE void verify_checksum(const nlohmann::json& header, TensorFile& file, const char* data, std::size_t size,
                                const std::string& name) {
  const auto expected = file.metadata.extract(checksum_key);
  if (expected.empty()) return;
  Checksum sum = checksum_of(header);
  sum.add(data, size);
  file.checksum = sum.text();
  require<FormatError>(file.checksum == expected.mapped(), name, " is damaged: its checksum is ", file.checksum,
                       ", expected ", expected.mapped(),
                       " as it was written; restore it from a copy, or create it again");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE TensorFile parse_safetensors(const SharedBytes& bytes) {
  const auto length = detail::little_endian<std::uint64_t>(bytes.span(), 0, bytes.name);
  require<FormatError>(length <= detail::max_safetensors_header && detail::inside(8, length, bytes.size), bytes.name,
                       ": the safetensors header should take ", length, " bytes, but the file has ", bytes.size,
                       " bytes; it is truncated or not a safetensors file");
  const char* text = bytes.data + 8;
  const auto header = detail::parse_safetensors_header(text, text + length, bytes.name);
  const std::uint64_t available = bytes.size - 8 - length;
  TensorFile result;
  std::vector<detail::SafetensorsEntry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      result.metadata = detail::safetensors_metadata(value, bytes.name);
    } else {
      entries.push_back(detail::safetensors_entry(name, value, available, bytes.name));
    }
  }
  detail::check_safetensors_coverage(entries, available, bytes.name);
  detail::verify_checksum(header, result, text + length, available, bytes.name);
  for (const auto& [name, type, shape, begin, end] : entries) {
    const std::uint64_t offset = 8 + length + begin;
    if (type == at::kBool) {
      detail::check_booleans(bytes.span().subspan(offset, end - begin), text_of(bytes.name, ": tensor \"", name, "\""));
    }
    result.tensors.emplace(name, detail::tensor_over(bytes, offset, end - begin, shape, type));
  }
  return result;
}

}  // namespace mao

namespace mao::detail {

/// The format's name of an element type.
MAO_INLINE std::string safetensors_type_name(at::ScalarType type, const std::string& what) {
  for (const auto& [name, candidate] : safetensors_types()) {
    if (candidate == type) return name;
  }
  throw FormatError(text_of(what, " has element type ", c10::toString(type),
                            ", which safetensors files here cannot hold; convert it, to float for example"));
}

/// The tensors on the CPU, contiguous, larger element types first so that each is aligned, then by name.
MAO_INLINE std::vector<std::pair<std::string, Tensor>> safetensors_order(const TensorMap& tensors,
                                                                         const std::string& file) {
  std::vector<std::pair<std::string, Tensor>> ordered;
  for (const auto& [name, tensor] : tensors) {
    require<FormatError>(tensor.defined(), "cannot write ", file, ": tensor \"", name, "\" is undefined");
    require<FormatError>(name != "__metadata__", "cannot write ", file, ": a tensor may not be named __metadata__");
    ordered.emplace_back(name, tensor.detach().cpu().contiguous());
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& left, const auto& right) {
    return left.second.element_size() > right.second.element_size();
  });
  return ordered;
}

/// The header's text with the checksum, padded with spaces so that the tensors start at a multiple of 8.
MAO_INLINE std::string safetensors_header(const std::vector<std::pair<std::string, Tensor>>& ordered,
                                          const std::map<std::string, std::string>& metadata, const std::string& file) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : ordered) {
    const std::uint64_t end = offset + tensor.nbytes();
    const std::string what = text_of("cannot write ", file, ": tensor \"", name, "\"");
    header[name] = {{"dtype", safetensors_type_name(tensor.scalar_type(), what)},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  try {
    header["__metadata__"][checksum_key] = "";
    Checksum sum = checksum_of(header);
    for (const auto& [name, tensor] : ordered) sum.add(tensor.const_data_ptr(), tensor.nbytes());
    header["__metadata__"][checksum_key] = sum.text();
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const nlohmann::json::exception& failure) {
    throw FormatError(text_of("cannot write ", file, ": a name or metadata value is not UTF-8: ", failure.what()));
  }
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                                  const std::map<std::string, std::string>& metadata,
                                  const std::function<void()>& before_rename) {
  const auto ordered = detail::safetensors_order(tensors, path.string());
  const std::string header = detail::safetensors_header(ordered, metadata, path.string());
  write_file_atomically(path, [&](std::ostream& out) {
    const auto length = static_cast<std::uint64_t>(header.size());
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header;
    for (const auto& [name, tensor] : ordered) {
      out.write(static_cast<const char*>(tensor.const_data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
    }
  }, before_rename);
}

}  // namespace mao
