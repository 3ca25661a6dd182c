// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/template_file.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/io/text_file.hpp>

namespace mao {

MAO_INLINE std::vector<std::string> read_templates(const std::filesystem::path& path) {
  std::vector<std::string> templates;
  int number = 0;
  for (const std::string& line : trimmed_lines(read_utf8_file(path))) {
    ++number;
    if (line.empty()) continue;
    const auto at = line.find("{}");
    require<FormatError>(at != std::string::npos && line.find("{}", at + 1) == std::string::npos, path.string(),
                         ": line ", number, ": \"", line,
                         "\" must contain {} exactly once, as in \"a photo of a {}.\"");
    templates.push_back(line);
  }
  require<FormatError>(!templates.empty(), path.string(),
                       ": there is no template in it; expected one per line, such as ", "\"a photo of a {}.\"");
  return templates;
}

}  // namespace mao
