// SPDX-License-Identifier: Apache-2.0
#pragma once
// Classes that are called by their numbers, and images of them.

#include <cstdint>
#include <string>
#include <vector>

#include <mao/core/class_list.hpp>

namespace mao_test {

inline mao::ClassList numbered(std::int64_t classes) {
  mao::ClassList list;
  for (std::int64_t c = 0; c < classes; ++c) list.names.push_back(std::to_string(c));
  return list;
}

/// `shots` images per class, classes interleaved.
inline std::vector<std::int64_t> few_shots(std::int64_t classes, std::int64_t shots) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < classes * shots; ++i) labels.push_back(i % classes);
  return labels;
}

}  // namespace mao_test
