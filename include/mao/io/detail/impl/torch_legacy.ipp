// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/torch_legacy.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

#include <mao/config.hpp>
#include <mao/io/detail/pickle.hpp>
#include <mao/io/detail/torch_storage.hpp>

namespace mao::detail {

MAO_INLINE ZipEntry LegacyTorchFile::record(const std::string& key, const std::string& file) const {
  const auto found = records.find(key);
  require<FormatError>(found != records.end(), file, ": there is no storage ", key);
  return found->second;
}

MAO_INLINE bool recognises_legacy_torch_file(std::span<const char> bytes) {
  constexpr std::string_view magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  return std::string_view(bytes.data(), bytes.size()).starts_with(magic);
}

/// The size of an element of every storage that the pickle refers to.
MAO_INLINE std::map<std::string, std::uint64_t> legacy_element_sizes(const PickleValue& root, const std::string& file) {
  std::map<std::string, std::uint64_t> sizes;
  for (const PickleValue& persistent : root.all_of_document(PickleKind::persistent)) {
    const PickleValue id = persistent.arguments();
    if (id.size() < 5 || !id[0].is(PickleKind::text) || id[0].text() != "storage") continue;
    const std::string key = id[2].text();
    const auto type = torch_storage_type(id[1].class_name(), text_of(file, ": storage ", key));
    sizes[key] = c10::elementSize(type);
  }
  return sizes;
}

MAO_INLINE LegacyTorchFile open_legacy_torch_file(const SharedBytes& bytes) {
  const std::string& name = bytes.name;
  std::uint64_t offset = 0;
  parse_pickle_at(bytes.span(), offset, name);
  const std::int64_t version = parse_pickle_at(bytes.span(), offset, name).integer();
  require<FormatError>(version == 1001, name, " has version ", version, " of PyTorch's older format, expected 1001");
  const auto little = parse_pickle_at(bytes.span(), offset, name).find("little_endian");
  require<FormatError>(!little || little->boolean(), name,
                       " holds big-endian tensors; re-save it on a little-endian machine");
  LegacyTorchFile file{parse_pickle_at(bytes.span(), offset, name), {}};
  const auto sizes = legacy_element_sizes(file.root, name);
  const PickleValue keys = parse_pickle_at(bytes.span(), offset, name);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string& key = keys[i].text();
    const auto size = sizes.find(key);
    require<FormatError>(size != sizes.end(), name, ": storage ", key, " belongs to no tensor");
    const auto count = little_endian<std::uint64_t>(bytes.span(), offset, name);
    offset += sizeof count;
    std::uint64_t length = 0;
    require<FormatError>(multiply(count, size->second, length) && inside(offset, length, bytes.size), name,
                         " is truncated: storage ", key, " of ", count, " elements does not fit behind byte ", offset);
    ZipEntry entry;
    entry.offset = offset;
    entry.size = length;
    require<FormatError>(file.records.emplace(key, entry).second, name, ": storage ", key, " occurs twice");
    offset += length;
  }
  return file;
}

}  // namespace mao::detail
