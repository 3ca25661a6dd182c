// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The classes in play, and the subset of them that takes part in one loss.

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace mao {

/// The classes that a backbone is bound to; a label is a position in it.
struct ClassList {
  std::vector<std::string> names;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(names.size()); }
  friend bool operator==(const ClassList&, const ClassList&) = default;
};

/// A class name as prompts spell it: underscores become spaces (CoOp, and [A9] of the MAO reading).
inline std::string readable(std::string name) {
  for (char& c : name) {
    if (c == '_') c = ' ';
  }
  return name;
}

/// The positions in a `ClassList` that take part in one loss, without repeats, in the order of the loss's columns.
struct Candidates {
  std::vector<std::int64_t> ids;  // [H]

  /// Every class of a list of `count`, in order.
  static Candidates all(std::int64_t count) {
    Candidates result;
    result.ids.resize(static_cast<std::size_t>(count));
    std::iota(result.ids.begin(), result.ids.end(), std::int64_t{0});
    return result;
  }

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
  friend bool operator==(const Candidates&, const Candidates&) = default;
};

}  // namespace mao
