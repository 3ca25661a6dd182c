// SPDX-License-Identifier: Apache-2.0
// mao report: what runs come to, as one page that needs neither network nor script.
#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>

#include <mao/version.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "output_file.hpp"
#include "report/csv_option.hpp"
#include "report/report.hpp"
#include "runs/find_runs.hpp"
#include "runs/progress.hpp"

namespace mao_program {

namespace {

struct ReportOptions {
  std::vector<std::string> runs;
  std::string out = "report.html";
  std::string title;
  std::string csv;  ///< folder
  CsvCells cells = CsvCells::Guarded;
};

/// `CoOp, CoOp + MAO on Caltech101`, or in numbers when that gets too long.
std::string title_of(const ReportData& data) {
  std::set<std::string> titles;
  std::string methods;
  for (const MethodSummary& method : data.all.methods) {
    if (titles.insert(method.title).second) methods += (methods.empty() ? "" : ", ") + method.title;
  }
  if (methods.size() > 60) methods = text_of(titles.size(), " methods");
  const auto& sets = data.all.data_sets;
  return text_of(methods, " on ", sets.size() == 1 ? sets.front() : text_of(sets.size(), " data sets"));
}

std::string lead_of(const ReportData& data) {
  std::size_t seeds = 0, unfinished = 0;
  for (const RunRecord& run : data.runs) {
    seeds += run.seeds.size();
    unfinished += run.finished ? 0 : 1;
  }
  const auto counted = [](std::size_t count, const char* what) {
    return text_of(count, " ", what, count == 1 ? "" : "s");
  };
  std::string text = text_of("<p class=\"soft\">", counted(data.runs.size(), "run"), ", ", counted(seeds, "seed"),
                             " in all, ", counted(data.all.data_sets.size(), "data set"));
  if (unfinished > 0)
    text += text_of("; ", counted(unfinished, "run"), unfinished == 1 ? " is" : " are",
                    " unfinished; the part that exists is shown");
  text += ".</p>";
  const std::vector<std::string> edited = edited_files(data.runs);
  if (edited.empty()) return text;
  std::string names;
  for (const std::string& file : edited) names += (names.empty() ? "" : ", ") + file;
  return text +
         "<p class=\"note\">Edited or damaged after mao wrote it (the checksum is wrong): " + escaped_markup(names) +
         ".</p>";
}

/// A section that the page may have; `body` gives nothing when the runs have nothing for it.
struct PossibleSection {
  const char* id;
  const char* title;
  std::string (*body)(ReportData&);
};

constexpr std::array possible_sections{
    PossibleSection{"results", "Results", overview_section},
    PossibleSection{"all-classes", "One classifier for all classes", all_classes_section},
    PossibleSection{"transfer", "Transfer to other data sets", transfer_section},
    PossibleSection{"shots", "Accuracy over shots",
                    [](ReportData& data) { return series_section(data, "/data/shots"); }},
    PossibleSection{"k", "Accuracy over K", [](ReportData& data) { return series_section(data, "/method/k"); }},
    PossibleSection{"curves", "Learning curves", curves_section},
    PossibleSection{"classes", "What changed, class by class", classes_section},
    PossibleSection{"confusion", "Confusions", confusion_section},
    PossibleSection{"batches", "Mini-batches", batches_section},
    PossibleSection{"settings", "Runs and settings", settings_section}};

std::vector<PageSection> sections_of(ReportData& data, const ReadProgress& progress) {
  std::vector<PageSection> sections;
  for (std::size_t done = 0; done < possible_sections.size(); ++done) {
    progress(done, possible_sections.size());
    const PossibleSection& possible = possible_sections[done];
    const std::string body = possible.body(data);
    if (!body.empty()) sections.push_back({possible.id, possible.title, body});
  }
  return sections;
}

/// The names of the first two columns, by which a table is known; others depend on the runs.
std::string first_columns(const std::string& csv) { return csv.substr(0, csv.find(',', csv.find(',') + 1)); }

void write_tables(const std::string& folder, const std::map<std::string, TextTable>& tables, CsvCells cells) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  require<FileError>(std::filesystem::is_directory(folder), "cannot make the folder ", folder, ": ", failure.message());
  for (const auto& [name, table] : tables) {
    const std::string columns = first_columns(csv_text(table, cells));
    expect_replaceable(
        (std::filesystem::path(folder) / name).string(), "a table of `mao report`",
        [&](const std::filesystem::path& file) { return beginning_of(file, columns.size()) == columns; });
  }
  for (const auto& [name, table] : tables) {
    write_file_atomically(std::filesystem::path(folder) / name,
                          [&](std::ostream& out) { out << csv_text(table, cells); });
  }
}

/// Whether the file is a page that this command wrote.
bool is_report_page(const std::filesystem::path& file) {
  constexpr std::string_view begin = "<!doctype html>";
  return beginning_of(file, begin.size()) == begin &&
         read_text_file(file).find("<footer>Written by mao ") != std::string::npos;
}

int run(const ReportOptions& options) {
  expect_replaceable(options.out, "a page of `mao report`", is_report_page);
  ProgressLine progress(std::cerr, ProgressLine::is_terminal());
  const std::vector<RunRecord> runs =
      read_runs({options.runs.begin(), options.runs.end()}, stoppable(progress.under("read runs")));
  std::vector<const RunRecord*> all;
  for (const RunRecord& record : runs) all.push_back(&record);
  ReportData data{
      .runs = runs, .summary = summarize(runs), .all = group_runs(all), .transfers = summarize_transfer(runs)};
  const auto sections = sections_of(data, stoppable(progress.under("write sections")));
  progress.finish();
  print_edited(std::cerr, runs);
  const std::string title = options.title.empty() ? title_of(data) : options.title;
  const std::string page = html_page(title, lead_of(data), sections, text_of("Written by mao ", version, "."));
  if (!options.csv.empty()) write_tables(options.csv, data.tables, options.cells);
  write_file_atomically(options.out, [&](std::ostream& out) { out << page; });
  std::cout << "wrote " << options.out << ": " << runs.size() << (runs.size() == 1 ? " run, " : " runs, ")
            << sections.size() << " sections, " << (page.size() + 1023) / 1024 << " KiB; open it in a browser\n";
  if (!options.csv.empty()) std::cout << "wrote " << data.tables.size() << " tables to " << options.csv << "\n";
  return 0;
}

}  // namespace

void add_report(CLI::App& app, int& status) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command =
      add_command(app, "report", "write one HTML page about runs: tables, curves, classes, mini-batches");
  command->add_option("runs", options->runs, "run folders, or folders above them")->type_name("DIR")->required();
  command->add_option("--out", options->out, "file of the page; it replaces an earlier page and no other file")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_option("--title", options->title, "title of the page (default: methods and data sets)");
  auto* csv =
      command
          ->add_option("--csv", options->csv, "folder for the data of the figures as CSV; the page also contains them")
          ->type_name("DIR");
  add_plain_csv(*command, options->cells)->needs(csv);
  command->callback([options, &status] {
    stop_on_signals();
    status = run(*options);
  });
}

}  // namespace mao_program
