// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/concepts.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::string_view name_of(ClassPosition position) {
  switch (position) {
    case ClassPosition::Middle:
      return "middle";
    case ClassPosition::Front:
      return "front";
    case ClassPosition::End:
      break;
  }
  return "end";
}

}  // namespace mao
