// SPDX-License-Identifier: Apache-2.0
// mao base2new, few-shot, cross-dataset, domain-generalisation: the protocols of the papers, each a series of runs.
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <set>

#include "commands.hpp"
#include "data/labelled_images.hpp"
#include "data/named_data.hpp"
#include "interrupt.hpp"
#include "known_values.hpp"
#include "methods/check_settings.hpp"
#include "numbers.hpp"
#include "tune/known_names.hpp"
#include "tune/presets.hpp"
#include "tune/protocol_summary.hpp"
#include "tune/tune_run.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

/// What all protocols are asked.
struct ProtocolOptions {
  RunSettings settings;
  RunOptions run;
  std::vector<std::string> datasets;
  std::vector<int> shots;
  GivenOptions given;
};

/// A run of a protocol and its folder below `--out`.
struct PlannedRun {
  std::string folder;
  RunSettings settings;
};

/// `caltech101` of `caltech101` and of `/data/caltech101/`.
std::string name_of(const std::string& data) {
  const fs::path path = fs::path(data).lexically_normal();
  return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
}

/// Opens every data set, so that a missing one stops the series before hours were spent on another.
void check_data(const DataSettings& settings, const std::vector<std::string>& names) {
  std::set<std::string> folders;
  for (const std::string& name : names) {
    expect_no_stop();
    require<OptionError>(folders.insert(name_of(name)).second, "two data sets have the name ", name_of(name),
                         ", and their runs would share a folder; leave one out or rename it");
    DataSettings one = settings;
    one.data = name;
    if (!is_rendered(name)) static_cast<void>(open_files(one));
  }
}

/// One run after another. 0, or 130 when a signal stopped them.
int run_all(const std::vector<PlannedRun>& runs, const GivenOptions& given, const RunOptions& options) {
  std::vector<RunSettings> settings;
  for (const PlannedRun& planned : runs) settings.push_back(planned.settings);
  check_options(given, settings);
  std::vector<fs::path> folders;
  for (const PlannedRun& planned : runs) {
    RunOptions one = options;
    const fs::path folder = fs::path(options.out) / planned.folder;
    one.out = folder.string();
    if (!options.quiet)
      std::cout << "\n" << planned.folder << " (" << folders.size() + 1 << " of " << runs.size() << ")\n";
    if (const int status = run_tune(planned.settings, one); status != 0) return status;
    folders.push_back(folder);
  }
  print_summary(std::cout, options.out, folders);
  return 0;
}

int base_to_new(const ProtocolOptions& options) {
  check_data(options.settings.data, options.datasets);
  std::vector<PlannedRun> runs;
  for (const std::string& dataset : options.datasets) {
    runs.push_back({name_of(dataset), options.settings});
    runs.back().settings.data.data = dataset;
  }
  return run_all(runs, options.given, options.run);
}

/// CoOp's recipe: the more images, the longer.
int epochs_for(int shots) { return shots == 1 ? 50 : shots <= 4 ? 100 : 200; }

int few_shot(const ProtocolOptions& options) {
  check_data(options.settings.data, options.datasets);
  std::vector<PlannedRun> runs;
  for (const std::string& dataset : options.datasets) {
    for (const int shots : options.shots) {
      runs.push_back({name_of(dataset) + "/shots-" + std::to_string(shots), options.settings});
      RunSettings& settings = runs.back().settings;
      settings.data.data = dataset;
      settings.data.classes = "all";
      settings.data.shots = shots;
      if (settings.method.epochs == 0 && !settings.method.mao) settings.method.epochs = epochs_for(shots);
    }
  }
  GivenOptions given = options.given;
  given.options.erase("--shots");  // it says which runs there are
  return run_all(runs, given, options.run);
}

int transfer(const ProtocolOptions& options) {
  std::vector<std::string> all{options.settings.data.data};
  all.insert(all.end(), options.settings.targets.begin(), options.settings.targets.end());
  check_data(options.settings.data, all);
  PlannedRun planned{name_of(options.settings.data.data), options.settings};
  planned.settings.data.classes = "all";
  if (planned.settings.method.mao && planned.settings.method.epochs == 0) planned.settings.method.epochs = 5;
  return run_all({planned}, options.given, options.run);
}

/// Names of the registered data sets that pass, in the order of the papers' tables.
template <class Passes>
std::vector<std::string> names_of(const Passes& passes) {
  std::vector<std::string> names;
  for (const NamedDataset& known : named_datasets) {
    if (passes(known)) names.emplace_back(known.name);
  }
  return names;
}

CLI::App* add_protocol(CLI::App& app, int& status, const char* name, const char* summary,
                       const std::shared_ptr<ProtocolOptions>& options, int (*run)(const ProtocolOptions&)) {
  CLI::App* command = add_command(app, name, summary);
  options->run.out = text_of("mao-", name);
  add_image_options(*command, options->settings.data);
  add_run_options(*command, options->settings, options->run);
  add_folder_options(*command, options->run);
  command
      ->add_option("--out", options->run.out, "folder of the runs, one subfolder each; the same command resumes them")
      ->type_name("DIR")
      ->capture_default_str();
  command->callback([command, options, run, &status] {
    stop_on_signals();
    options->given = take_preset(*command, options->settings.method);
    status = run(*options);
  });
  return command;
}

void add_shots(CLI::App& command, DataSettings& settings) {
  command.add_option("--shots", settings.shots, "training images per class")
      ->check(above_zero())
      ->capture_default_str();
}

/// `--datasets`, with the paper's as default.
void add_datasets(CLI::App& command, std::vector<std::string>& names, std::vector<std::string> defaults) {
  names = std::move(defaults);
  command.add_option("--datasets", names, "names (`mao datasets`) or paths")
      ->type_name("NAME|PATH")
      ->check(known_values_or_path(data_names()))
      ->capture_default_str();
}

void add_transfer(CLI::App& app, int& status, const char* name, const char* summary, std::vector<std::string> targets) {
  auto options = std::make_shared<ProtocolOptions>();
  options->settings.data.data = "imagenet";
  options->settings.targets = std::move(targets);
  CLI::App* command = add_protocol(app, status, name, summary, options, transfer);
  add_shots(*command, options->settings.data);
  command
      ->add_option("--source", options->settings.data.data,
                   "the training data, all classes; MAO: its base stage, 5 epochs")
      ->type_name("NAME|PATH")
      ->check(known_values_or_path(data_names()))
      ->capture_default_str();
  command->add_option("--targets", options->settings.targets, "the test data, names (`mao datasets`) or paths")
      ->type_name("NAME|PATH")
      ->check(known_values_or_path(data_names()))
      ->capture_default_str();
}

}  // namespace

void add_protocols(CLI::App& app, int& status) {
  const auto eleven = names_of([](const NamedDataset& known) { return !known.only_tested(); });
  auto base2new = std::make_shared<ProtocolOptions>();
  CLI::App* command = add_protocol(
      app, status, "base2new", "train on the base classes of each data set, test base and new", base2new, base_to_new);
  add_shots(*command, base2new->settings.data);
  add_datasets(*command, base2new->datasets, eleven);

  auto shots = std::make_shared<ProtocolOptions>();
  shots->shots = {1, 2, 4, 8, 16};
  command = add_protocol(app, status, "few-shot", "train and test on all classes of each data set, by number of shots",
                         shots, few_shot);
  add_datasets(*command, shots->datasets, eleven);
  command
      ->add_option(
          "--shots", shots->shots,
          "training images per class, one run for each number; without --epochs, it trains 50 epochs for 1, 100 "
          "for 2 to 4, 200 for more (as CoOp)")
      ->check(above_zero())
      ->capture_default_str();

  add_transfer(app, status, "cross-dataset", "train on all classes of one data set, test on others",
               names_of([](const NamedDataset& known) { return !known.only_tested() && known.name != "imagenet"; }));
  add_transfer(app, status, "domain-generalisation", "train on ImageNet, test on its four variants",
               names_of([](const NamedDataset& known) { return known.only_tested(); }));
}

}  // namespace mao_program
