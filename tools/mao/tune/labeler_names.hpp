// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The names that `--labeler` knows.

#include <algorithm>
#include <string>
#include <vector>

namespace mao_program {

/// Those of mao, and those that your own program adds.
inline std::vector<std::string>& labeler_names() {
  static std::vector<std::string> names{"zero-shot", "tuned", "none", "average", "agreement", "soft", "select", "auto"};
  return names;
}

inline bool is_labeler(const std::string& name) {
  return std::ranges::find(labeler_names(), name) != labeler_names().end();
}

}  // namespace mao_program
