// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/bytes.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/io/files.hpp>

namespace mao {

MAO_INLINE SharedBytes map_bytes(const std::filesystem::path& path) {
  auto file = std::make_shared<MappedFile>(path);
  char* data = file->data();
  const std::size_t size = file->bytes().size();
  return {std::move(file), data, size, path.string()};
}

MAO_INLINE SharedBytes copy_bytes(std::string_view content, std::string name) {
  auto text = std::make_shared<std::string>(content);
  char* data = text->data();
  const std::size_t size = text->size();
  return {std::move(text), data, size, std::move(name)};
}

}  // namespace mao
