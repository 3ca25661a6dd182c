// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--plain-csv`, for every command that writes CSV.

#include <CLI/CLI.hpp>

#include "report/text_table.hpp"

namespace mao_program {

inline CLI::Option* add_plain_csv(CLI::App& command, mao::CsvCells& cells) {
  return command.add_flag_function(
      "--plain-csv", [&cells](std::int64_t) { cells = mao::CsvCells::Plain; },
      "leave CSV cells that begin with = + - or @ unchanged (default: put ' before them, so that no spreadsheet treats "
      "them as a formula)");
}

}  // namespace mao_program
