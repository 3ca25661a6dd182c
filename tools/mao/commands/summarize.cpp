// SPDX-License-Identifier: Apache-2.0
// mao summarize: the numbers of runs as a table, and one set of runs against another.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include <mao/io/files.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "output_file.hpp"
#include "report/comparison.hpp"
#include "report/csv_option.hpp"
#include "report/summary_text.hpp"
#include "runs/find_runs.hpp"
#include "runs/progress.hpp"

namespace mao_program {

using namespace mao;

namespace {

struct SummarizeOptions {
  std::vector<std::string> runs, against;
  std::string format = "md";
  std::string protocol = "paper";
  std::string out;
  bool published = false;
  CsvCells cells = CsvCells::Guarded;
};

std::string formatted_table(const TextTable& table, const SummarizeOptions& options) {
  if (options.format == "csv") return csv_text(table, options.cells);
  return options.format == "latex" ? latex_text(table) : markdown_text(table);
}

/// A line of explanation in the comment syntax of the format; CSV has none.
std::string remark(const std::string& words, const std::string& format) {
  if (format == "csv" || words.empty()) return {};
  return format == "latex" ? "% " + words + "\n" : "\n" + words + "\n";
}

/// What the numbers are, where the table does not say it.
std::string about_numbers(const Summary& summary) {
  const std::string seeds =
      has_several_seeds(summary) ? "Means over seeds, ± their standard deviation; H is that of the means." : "";
  const std::string averages = summary.data_sets.size() > 1 ? "The H of an average is that of the averages." : "";
  return seeds + (seeds.empty() || averages.empty() ? "" : " ") + averages;
}

std::string tables_of(const std::vector<RunRecord>& runs, const SummarizeOptions& options, ScoreProtocol protocol) {
  const Summary summary = summarize(runs, protocol);
  std::string text;
  if (!summary.data_sets.empty()) {
    const TextTable table = options.format == "csv" ? score_columns(summary) : score_table(summary, options.published);
    text += formatted_table(table, options);
    text += remark(about_numbers(summary), options.format);
  }
  for (const TransferTable& transfer : summarize_transfer(runs)) {
    text += (text.empty() ? "" : "\n") + formatted_table(transfer_text(transfer), options);
  }
  return text;
}

/// Reads runs behind a progress bar.
std::vector<RunRecord> runs_in(const std::vector<std::string>& places) {
  ProgressLine progress(std::cerr, ProgressLine::is_terminal());
  std::vector<RunRecord> runs = read_runs({places.begin(), places.end()}, stoppable(progress.under("read runs")));
  progress.finish();
  print_edited(std::cerr, runs);
  return runs;
}

std::string comparison_of(const std::vector<RunRecord>& runs, const SummarizeOptions& options, ScoreProtocol protocol) {
  const std::vector<RunRecord> others = runs_in(options.against);
  const auto comparisons = compare_summaries(summarize(runs, protocol), summarize(others, protocol));
  require<DataError>(!comparisons.empty(),
                     "--against: the two lists of runs have no data set in common; expected runs of two ",
                     "methods on the same data sets");
  return "\n" + formatted_table(comparison_table(comparisons), options) +
         remark(
             "p: exact two-sided Wilcoxon signed-rank test over data sets; with fewer than six differences, it cannot "
             "be below 0.05.",
             options.format);
}

/// Whether the file begins as one that this command writes, in any of its formats.
bool is_summary(const std::filesystem::path& file) {
  const std::string start = beginning_of(file, 80);
  return std::ranges::any_of(std::vector<std::string>{"| data set | method |", "| method | ", "data_set,method,",
                                                      "method,", "% needs \\usepackage{booktabs}\n\\begin{tabular}"},
                             [&](const std::string& known) { return start.starts_with(known); });
}

int run(const SummarizeOptions& options) {
  if (!options.out.empty()) expect_replaceable(options.out, "a table of `mao summarize`", is_summary);
  require<OptionError>(!options.published || options.format != "csv",
                       "--published would be ignored: --format csv contains only runs; leave it out, or use md or "
                       "latex");
  require<OptionError>(options.cells == CsvCells::Guarded || options.format == "csv",
                       "--plain-csv would be ignored without --format csv; leave it out");
  const ScoreProtocol protocol = options.protocol == "single" ? &SeedRecord::single : &SeedRecord::paper;
  const std::vector<RunRecord> runs = runs_in(options.runs);
  std::string text = tables_of(runs, options, protocol);
  if (!options.against.empty()) text += comparison_of(runs, options, protocol);
  if (options.out.empty()) {
    std::cout << text;
  } else {
    write_file_atomically(options.out, [&](std::ostream& out) { out << text; });
  }
  return 0;
}

}  // namespace

void add_summarize(CLI::App& app, int& status) {
  auto options = std::make_shared<SummarizeOptions>();
  CLI::App* command =
      add_command(app, "summarize", "print the results of runs as one table: mean and deviation over seeds");
  command->add_option("runs", options->runs, "run folders, or folders above them")->type_name("DIR")->required();
  command->add_option("--format", options->format, "md, csv (more digits, for programs) or latex")
      ->check(CLI::IsMember({"md", "csv", "latex"}))
      ->capture_default_str();
  command->add_option("--against", options->against, "other runs to test these against, over data sets")
      ->type_name("DIR");
  command
      ->add_option("--protocol", options->protocol,
                   "paper: each stage tested with its own prompts; single: all with those of the new stage")
      ->check(CLI::IsMember({"paper", "single"}))
      ->capture_default_str();
  command->add_flag("--published", options->published,
                    "add published rows of the same methods to each data set (md, latex)");
  command->add_option("--out", options->out, "file (default: print); it replaces an earlier table and no other file")
      ->type_name("FILE");
  add_plain_csv(*command, options->cells);
  command->callback([options, &status] {
    stop_on_signals();
    status = run(*options);
  });
}

}  // namespace mao_program
