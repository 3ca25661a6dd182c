// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/error.hpp>

#include <sstream>
#include <utility>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE void write_characters(std::ostream& out, const void* value) { out << static_cast<const char*>(value); }

MAO_INLINE std::string joined(std::initializer_list<TextPart> parts) {
  std::ostringstream out;
  for (const TextPart& part : parts) part.write(out, part.value);
  return std::move(out).str();
}

}  // namespace mao::detail
