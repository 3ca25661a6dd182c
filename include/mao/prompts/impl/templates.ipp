// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/templates.hpp>

#include <iterator>

#include <mao/config.hpp>
#include <mao/core/class_list.hpp>

namespace mao {

MAO_INLINE std::string fill_template(const std::string& pattern, const std::string& class_name) {
  const auto at = pattern.find("{}");
  require<OptionError>(at != std::string::npos && pattern.find("{}", at + 1) == std::string::npos, "the template \"",
                       pattern, "\" must contain {} exactly once, as in \"a photo of a {}.\"");
  return pattern.substr(0, at) + readable(class_name) + pattern.substr(at + 2);
}

}  // namespace mao
