// SPDX-License-Identifier: Apache-2.0
#include "sweep/grid.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mutation.hpp"

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

std::string value(mao_fuzz::Dice& dice, int depth = 0) {
  static const std::vector<std::string> values{
      "1", "-0", "+1_000", "0x1F", "1e-3", "inf", "nan", "9223372036854775807", "9223372036854775808", "true", "false",
      "\"sketch\"", "'a\\b'", "\"\"", "\"\\u00e9 \\U0001F600\"", "\"\"\"two\nlines\"\"\"", "'''raw'''", "2026-01-01",
      "07:32:00", "{ a = 1 }", "[]", "\"\\", "\"data=sketch, k=8\"", "'\xc3\xa9\xe2\x80\xa8'", "\"=1\""};
  if (depth > 3 || mao_fuzz::below(dice, 4) != 0) return mao_fuzz::one_of(values, dice);
  std::string list = "[";
  for (std::size_t i = mao_fuzz::below(dice, 4); i > 0; --i) list += value(dice, depth + 1) + (i > 1 ? ", " : "");
  return list + "]";
}

std::string line(mao_fuzz::Dice& dice) {
  static const std::vector<std::string> names{"data", "method", "seeds", "shots", "exclude", "set.context", "set", "k",
                                              "\"quoted name\"", "'a.b'", "a . b", "out", "learner", "\xc3\xa9", "-"};
  switch (mao_fuzz::below(dice, 8)) {
    case 0: return "[" + mao_fuzz::one_of(names, dice) + "]\n";
    case 1: return "[[" + mao_fuzz::one_of(names, dice) + "]]\n";
    case 2: return "# " + value(dice) + "\r\n";
    case 3: return "\t\n";
    default: return mao_fuzz::one_of(names, dice) + " = " + value(dice) + "\n";
  }
}

}  // namespace

/// Any text gives a `FormatError`, or runs with names and arguments.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& run : mao_program::expand_grid(mao_program::parse_toml(text, "fuzz"), "fuzz", {"targets"})) {
      static_cast<void>(run.arguments());
      static_cast<void>(run.identity());
    }
  } catch (const mao::FormatError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  mao_fuzz::Dice dice(seed);
  if (mao_fuzz::below(dice, 10) == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<std::string> lines = lines_of({reinterpret_cast<const char*>(data), size});
  for (std::size_t count = 1 + mao_fuzz::below(dice, 3); count > 0; --count) {
    mao_fuzz::change_sequence(lines, line(dice), dice);
  }
  return mao_fuzz::give(mao_fuzz::joined(lines), data, size, max_size);
}
