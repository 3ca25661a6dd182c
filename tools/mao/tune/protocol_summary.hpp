// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tables at the end of a series of runs.

#include <filesystem>
#include <iostream>
#include <ostream>
#include <vector>

#include <mao/io/files.hpp>

#include "report/summary_text.hpp"
#include "runs/find_runs.hpp"
#include "tune/next_steps.hpp"

namespace mao_program {

/// Prints them, and leaves them in summary.md and summary.csv of `root`.
inline void print_summary(std::ostream& out, const std::filesystem::path& root,
                          const std::vector<std::filesystem::path>& folders) {
  std::vector<mao::RunRecord> runs;
  for (const auto& folder : folders) runs.push_back(mao::read_run(folder));
  mao::print_edited(std::cerr, runs);
  std::string markdown, csv;
  const auto add = [&](const mao::TextTable& words, const mao::TextTable& numbers) {
    markdown += mao::markdown_text(words) + "\n";
    csv += mao::csv_text(numbers);
  };
  const mao::Summary summary = mao::summarize(runs);
  if (!summary.data_sets.empty()) add(mao::score_table(summary), mao::score_columns(summary));
  for (const mao::TransferTable& transfer : mao::summarize_transfer(runs)) {
    add(mao::transfer_text(transfer), mao::transfer_text(transfer));
  }
  const auto write = [&](const char* name, const std::string& text) {
    mao::write_file_atomically(root / name, [&](std::ostream& file) { file << text; });
  };
  write("summary.md", markdown);
  write("summary.csv", csv);
  out << "\n"
      << markdown << "\n(also in " << (root / "summary.md").string() << " and summary.csv)\nNext: mao report "
      << shell_word(root.string()) << " --out " << word_beside(root.string(), ".html") << "\n";
}

}  // namespace mao_program
