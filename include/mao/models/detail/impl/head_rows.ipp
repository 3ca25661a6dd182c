// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/head_rows.hpp>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE void SeenRows::resize(std::size_t rows) {
  if (keys_.size() >= rows * head_width) return;
  for (auto* part : {&keys_, &values_, &key_gradients_, &value_gradients_}) part->resize(rows * head_width);
}

}  // namespace mao::detail

#endif
