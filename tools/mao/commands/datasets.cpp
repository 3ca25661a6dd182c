// SPDX-License-Identifier: Apache-2.0
// mao datasets: which data sets are known by name, and whether those on disk are complete.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <mao/io/json_text.hpp>
#include "data/class_names.hpp"
#include "data/labelled_images.hpp"
#include "datasets/check_named.hpp"
#include "datasets/unlisted_images.hpp"
#include <mao/data/open.hpp>
#include "runs/progress.hpp"
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "numbers.hpp"
#include "tune/idle_options.hpp"

namespace mao_program {

namespace {

using namespace mao;
namespace fs = std::filesystem;

struct CheckOptions {
  std::string root;
  std::vector<std::string> names;
  std::string classnames;
  bool decode = false;
  bool json = false;
  bool all = false;
  int threads = 0;
};

constexpr std::array kinds{std::pair{FileProblemKind::missing, "missing"},
                           std::pair{FileProblemKind::renamed, "renamed"},
                           std::pair{FileProblemKind::damaged, "damaged"}};

const char* name_of(FileProblemKind kind) {
  return std::ranges::find(kinds, kind, &std::pair<FileProblemKind, const char*>::first)->second;
}

std::string number_or_dash(std::int64_t number) { return number > 0 ? std::to_string(number) : "-"; }

nlohmann::json json_of(const DatasetCounts& counts) {
  nlohmann::json object{{"classes", counts.classes},
                        {"base_classes", counts.base_classes()},
                        {"new_classes", counts.new_classes()},
                        {"train", counts.train},
                        {"val", counts.val},
                        {"test", counts.test}};
  if (counts.base_test > 0) object.update({{"base_test", counts.base_test}, {"new_test", counts.new_test}});
  return object;
}

nlohmann::json json_of(const NamedDataset& known) {
  return {{"name", known.name},
          {"title", known.title},
          {"dassl", known.registry},
          {"about", known.about},
          {"folder", known.folder},
          {"images", known.images},
          {"list", known.split},
          {"counts", json_of(known.counts)},
          {"template", known.zero_shot_template}};
}

nlohmann::json json_of(const ListedPicture& picture) {
  return {{"path", picture.path}, {"split", picture.split}, {"class", picture.class_name}};
}

nlohmann::json json_of(const DatasetReport& report) {
  nlohmann::json splits = nlohmann::json::array(), problems = nlohmann::json::array(),
                 duplicates = nlohmann::json::array(), repeated = nlohmann::json::array();
  for (const ListedPicture& picture : report.repeated) repeated.push_back(json_of(picture));
  for (const DuplicatePicture& pair : report.duplicates) {
    duplicates.push_back({json_of(pair.first), json_of(pair.second)});
  }
  for (const SplitPresence& split : report.files.splits) {
    splits.push_back({{"split", split.split}, {"listed", split.listed}, {"present", split.present}});
  }
  for (const FileProblem& problem : report.files.problems) {
    nlohmann::json object{{"kind", name_of(problem.kind)}, {"split", problem.split}, {"path", problem.path}};
    if (!problem.detail.empty()) object["detail"] = problem.detail;
    problems.push_back(std::move(object));
  }
  nlohmann::json object{{"name", report.known != nullptr ? report.known->name : ""},
                        {"folder", report.folder.string()},
                        {"images", report.root.string()},
                        {"found", report.found},
                        {"whole", report.whole()},
                        {"counts", json_of(report.counts)},
                        {"splits", splits},
                        {"faults", report.faults},
                        {"problems", problems},
                        {"duplicates", duplicates},
                        {"repeated", repeated},
                        {"unlisted", report.unlisted},
                        {"advice", report.advice},
                        {"unread", report.unread.counts}};
  if (report.known != nullptr) object["expected"] = json_of(report.known->counts);
  return object;
}

/// "Faces/image_0001.jpg", and what became of it.
std::string line_of(const FileProblem& problem) {
  std::string line = problem.split + "  " + printable(problem.path);
  if (problem.kind == FileProblemKind::renamed)
    line += "  (perhaps it is " + printable(problem.detail) + " now, which no list has)";
  if (problem.kind == FileProblemKind::damaged) line += "  (" + printable(problem.detail) + ")";
  return line;
}

void print_problems(const FileReport& files, bool all) {
  constexpr std::size_t few = 5;
  for (const auto& [kind, name] : kinds) {
    const std::size_t count = mao::detail::count_of(files, kind);
    if (count == 0) continue;
    std::cout << "  " << name << ": " << count << (count == 1 ? " image\n" : " images\n");
    std::map<std::string, std::size_t> seen;
    for (const FileProblem& problem : files.problems) {
      if (problem.kind == kind && (seen[problem.split]++ < few || all)) std::cout << "    " << line_of(problem) << "\n";
    }
    for (const auto& [split, number] : seen) {
      if (number > few && !all) std::cout << "    " << split << "  ... and " << number - few << " more (--all)\n";
    }
  }
}

/// Pictures with the same bytes: those of two classes, then those in training and test.
void print_duplicates(const std::vector<DuplicatePicture>& duplicates, bool all) {
  constexpr std::size_t few = 5;
  for (const bool classes : {true, false}) {
    std::vector<const DuplicatePicture*> pairs;
    for (const DuplicatePicture& pair : duplicates) {
      if (pair.of_two_classes() == classes) pairs.push_back(&pair);
    }
    if (pairs.empty()) continue;
    std::cout << "  note: the same image " << (classes ? "in two classes" : "in training and test") << ": "
              << pairs.size() << (pairs.size() == 1 ? " pair\n" : " pairs\n");
    for (std::size_t i = 0; i < (all ? pairs.size() : std::min(few, pairs.size())); ++i) {
      for (const ListedPicture* picture : {&pairs[i]->first, &pairs[i]->second}) {
        std::cout << (picture == &pairs[i]->first ? "    " : " = ") << picture->split << "  "
                  << printable(picture->path) << " (" << printable(picture->class_name) << ")";
      }
      std::cout << "\n";
    }
    if (!all && pairs.size() > few) std::cout << "    ... and " << pairs.size() - few << " more (--all)\n";
  }
}

void print(const DatasetReport& report, bool all) {
  std::cout << (report.known != nullptr ? std::string(report.known->title) + ": " : "")
            << (report.whole() ? "complete" : "INCOMPLETE") << ", " << printable(report.folder.string()) << "\n";
  const DatasetCounts& counts = report.counts;
  if (counts.classes > 0) {
    std::cout << "  " << counts.classes << (counts.classes == 1 ? " class, " : " classes, ") << counts.base_classes()
              << " base and " << counts.new_classes() << " new with " << counts.base_test << " and " << counts.new_test
              << " test images\n";
  }
  if (!report.files.splits.empty()) {
    const std::string root = report.root.string();
    std::cout << "  found in " << (root.empty() || root == "." ? "the current folder" : printable(root)) << ":";
    const char* separator = " ";
    for (const SplitPresence& split : report.files.splits) {
      std::cout << separator << split.present << " of " << split.listed << ' ' << split.split;
      separator = ", ";
    }
    std::cout << " images\n";
  }
  for (const std::string& fault : report.faults) std::cout << "  fault: " << escaped(fault) << "\n";
  print_problems(report.files, all);
  print_duplicates(report.duplicates, all);
  if (!report.repeated.empty()) std::cout << "  note: " << repeats_text(report.repeated) << "\n";
  if (!report.note_on_names.empty()) std::cout << "  " << report.note_on_names << "\n";
  if (!report.unlisted.empty()) std::cout << "  note: " << unlisted_text(report.unlisted) << "\n";
  if (report.unread.total() > 0) std::cout << "  note: " << report.unread.description() << "\n";
  for (const std::string& advice : report.advice) std::cout << "  -> " << escaped(advice) << "\n";
}

/// Those named, or all.
std::vector<const NamedDataset*> chosen(const std::vector<std::string>& names) {
  std::vector<const NamedDataset*> result;
  for (const std::string& name : names) result.push_back(&named_dataset(name));
  if (names.empty()) {
    for (const NamedDataset& known : named_datasets) result.push_back(&known);
  }
  return result;
}

/// The user's own data: a folder, a split file or a table.
DatasetReport check_own(const CheckOptions& options, const FileCheckOptions& how) {
  const Dataset dataset = open_own_data(options.root, options.classnames);
  DatasetReport report;
  if (is_rendered(options.root)) {
    report.advice.push_back(text_of("--data ", options.root, " means the rendered task; for this ",
                                    fs::is_directory(options.root) ? "folder" : "file", " use --data ./",
                                    options.root));
  }
  report.folder = options.root;
  report.root = dataset.root;
  report.found = true;
  report.counts = mao::detail::counts_of(dataset);
  report.faults = mao::detail::untested_halves(report.counts);
  report.files = check_files(dataset, how);
  for (std::string& line : mao::detail::advice_for(report.files, dataset.root)) report.advice.push_back(line);
  report.unread = unread_of(options.root);
  report.duplicates = duplicate_pictures(dataset, how.threads);
  report.repeated = repeated_pictures(dataset);
  report.unlisted = unlisted_images(dataset);
  report.note_on_names = numbers_note(dataset.classes);
  return report;
}

/// Draws how far the check of `name` is.
auto progress_of(ProgressLine& progress, const std::string& name) {
  return stoppable([&progress, label = "check " + name](std::size_t done, std::size_t total) {
    progress.update(label, static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
  });
}

std::vector<DatasetReport> check_all(const CheckOptions& options, ProgressLine& progress) {
  FileCheckOptions how;
  how.check = options.decode ? ImageCheck::decode : ImageCheck::ends;
  how.threads = options.threads;
  if (!fs::is_directory(options.root)) {
    require<OptionError>(options.names.empty(), options.root, " is a file, which holds no data set of the name ",
                         options.names.empty() ? "" : options.names.front(),
                         "; expected the folder that holds the data sets, or a split JSON or CSV alone");
    how.progress = progress_of(progress, options.root);
    return {check_own(options, how)};
  }
  std::vector<DatasetReport> reports;
  for (const NamedDataset* known : chosen(options.names)) {
    how.progress = progress_of(progress, std::string(known->name));
    reports.push_back(check_named(*known, options.root, how));
  }
  if (std::ranges::any_of(reports, &DatasetReport::found) || !options.names.empty()) {
    require<OptionError>(
        options.classnames.empty(),
        idle_sentence("--classnames",
                      options.root + " holds data sets with names, which have class names of their own"));
    return reports;
  }
  how.progress = progress_of(progress, options.root);
  try {
    return {check_own(options, how)};
  } catch (const Error& error) {
    if (holds_dataset(options.root)) throw;
    throw DataError(text_of(error.what(), "\n", options.root, " also holds none of the folders that ",
                            "`mao datasets` lists: the root is the folder above them"));
  }
}

bool is_there(const std::string& path) {
  std::error_code no_such_name;
  return fs::exists(path, no_such_name);
}

/// With MAO_DATA in the environment the root may be left out, so that what stands in its place is a name.
void find_root(CheckOptions& options) {
  const char* environment = std::getenv("MAO_DATA");
  const bool is_name = !is_there(options.root) && find_named(options.root) != nullptr;
  if (environment != nullptr && (is_name || options.root.empty())) {
    if (is_name) options.names.insert(options.names.begin(), options.root);
    options.root = environment;
  }
  require<OptionError>(!options.root.empty() && (!is_name || environment != nullptr), "there is no root",
                       is_name ? " before '" + options.root + "'" : "",
                       "; name the folder that holds the data sets first, or set MAO_DATA in the environment");
  require<FileError>(is_there(options.root), "there is nothing at ", options.root,
                     "; expected the folder that holds the data sets, or your own data (the tasks sketch, shifted and "
                     "disjoint are rendered: they need no check)");
}

int run_check(CheckOptions options) {
  find_root(options);
  stop_on_signals();
  ProgressLine progress(std::cerr, ProgressLine::is_terminal());
  const auto reports = check_all(options, progress);
  progress.finish();
  bool good = true;
  for (const DatasetReport& report : reports) good &= report.whole() || (!report.found && options.names.empty());
  if (options.json) {
    nlohmann::json datasets = nlohmann::json::array();
    for (const DatasetReport& report : reports) datasets.push_back(json_of(report));
    const nlohmann::json all{
        {"root", options.root}, {"decoded", options.decode}, {"whole", good}, {"datasets", datasets}};
    std::cout << json_text(all, 2) << "\n";
    return good ? 0 : 1;
  }
  std::string absent;
  for (const DatasetReport& report : reports) {
    if (report.found) {
      print(report, options.all);
    } else {
      absent += (absent.empty() ? "" : ", ") + std::string(report.known->name);
    }
  }
  if (!absent.empty()) std::cout << "not in " << options.root << ": " << absent << "\n";
  const bool looked =
      std::ranges::any_of(reports, [](const DatasetReport& report) { return !report.files.splits.empty(); });
  if (looked && !options.decode)
    std::cout << "Only the first and last bytes of each image were read; --decode reads everything.\n";
  return good ? 0 : 1;
}

void print_list() {
  const auto column = [](std::string_view text, int width) {
    std::cout << std::left << std::setw(width) << text << std::right;
  };
  std::cout << "name             classes     train     val    test  in ROOT/               zero-shot template\n";
  for (const NamedDataset& known : named_datasets) {
    const DatasetCounts& counts = known.counts;
    column(known.name, 16);
    std::cout << std::setw(8) << counts.classes << std::setw(10) << number_or_dash(counts.train) << std::setw(8)
              << number_or_dash(counts.val) << std::setw(8) << counts.test << "  ";
    column(known.folder, 23);
    std::cout << known.zero_shot_template << "\n";
  }
  std::cout
      << "\nUse them as `--data NAME --root ROOT` (or MAO_DATA=ROOT in the environment); other spellings, such as\n"
         "OxfordPets or DescribableTextures, are understood. `mao datasets check ROOT` says what is missing.\n";
}

void print_json_list() {
  nlohmann::json list = nlohmann::json::array();
  for (const NamedDataset& known : named_datasets) list.push_back(json_of(known));
  std::cout << list.dump(2) << "\n";
}

}  // namespace

void add_datasets(CLI::App& app, int& status) {
  auto options = std::make_shared<CheckOptions>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = add_command(app, "datasets", "list the data sets that mao knows by name; check those on disk");
  command->add_flag("--json", *json, "print JSON");
  CLI::App* check = add_command(
      *command, "check", "report what is there, what is missing, and what to do; exit code 1 if something is wrong");
  check
      ->add_option("root", options->root,
                   "the folder that holds the data sets' folders (default: MAO_DATA), or your own data: a folder, a "
                   "split JSON, a CSV")
      ->type_name("PATH");
  check->add_option("names", options->names, "check only these data sets, which must then exist (default: all)")
      ->type_name("NAME");
  check->add_option("--classnames", options->classnames, "file that maps folder names of your own data to class names")
      ->type_name("FILE");
  check->add_flag("--decode", options->decode, "decode every image instead of reading only its beginning and end");
  check->add_flag("--all", options->all, "list every missing, renamed or damaged image");
  check->add_option("--threads", options->threads, "threads that read (0: one per CPU)")
      ->check(zero_or_above())
      ->capture_default_str();
  check->add_flag("--json", options->json, "print JSON, with everything that --all lists");
  command->callback([command, check, options, json, &status] {
    if (command->got_subcommand(check)) {
      status = run_check(*options);
    } else if (*json) {
      print_json_list();
    } else {
      print_list();
    }
  });
}

}  // namespace mao_program
