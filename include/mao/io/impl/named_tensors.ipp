// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/named_tensors.hpp>

#include <ATen/ops/from_blob.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE std::int64_t checked_element_count(const std::vector<std::int64_t>& shape, const std::string& what) {
  require<FormatError>(shape.size() <= max_tensor_rank, what, " has ", shape.size(), " dimensions, at most ",
                       max_tensor_rank, " are supported");
  std::int64_t product = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    require<FormatError>(extent >= 0, what, " has shape ", shape_text(shape), ": an extent is negative");
    empty = empty || extent == 0;
    require<FormatError>(multiply(product, extent == 0 ? std::int64_t{1} : extent, product), what, " has shape ",
                         shape_text(shape), ": its number of elements overflows 64 bits");
  }
  return empty ? 0 : product;
}

MAO_INLINE Tensor tensor_over(const SharedBytes& bytes, std::uint64_t offset, std::uint64_t length,
                              const std::vector<std::int64_t>& shape, at::ScalarType type) {
  char* data = bytes.data + offset;
  SharedBytes source = bytes;
  if (reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(type) != 0) {
    source = copy_bytes({data, static_cast<std::size_t>(length)}, bytes.name);
    data = source.data;
  }
  return at::from_blob(
      data, shape, [owner = source.owner](void*) {}, at::TensorOptions(type));
}

MAO_INLINE void check_booleans(std::span<const char> content, const std::string& what) {
  for (const char byte : content) {
    require<FormatError>(byte == 0 || byte == 1, what, " is boolean but holds the byte ",
                         static_cast<int>(static_cast<unsigned char>(byte)), ", expected only 0 and 1");
  }
}

}  // namespace mao::detail
