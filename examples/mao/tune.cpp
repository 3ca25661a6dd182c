// SPDX-License-Identifier: Apache-2.0
// mao tune: train a learner on few shots of the base classes, plain or with MAO, and test on base and new classes.
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include <mao/report/progress.hpp>
#include <mao/report/run_folder.hpp>
#include <mao/version.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "labelers.hpp"
#include "learner.hpp"
#include "own_tuner.hpp"
#include "results.hpp"
#include "task_data.hpp"

namespace mao_program {

namespace {

/// One invocation of `mao tune`.
class TuneRun {
 public:
  TuneRun(RunSettings settings, RunOptions options)
      : settings_(std::move(settings)), options_(std::move(options)), progress_(std::cerr, Progress::is_terminal()) {}

  int run() {
    check_settings(settings_.learner);
    if (std::filesystem::exists(std::filesystem::path(options_.out) / "config.json")) {
      open_folder();  // says at once when it holds another run
      if (const auto finished = folder_->read("results.json"); !finished.is_null()) {
        say(options_.out + ": this run is finished; nothing to do");
        print(finished);
        return 0;
      }
    }
    say(text_of("mao ", version, ", run folder ", options_.out));
    const OpenedModel opened = open_model(settings_.model);
    say(opened.description);
    TaskData data(
        opened, settings_.data, options_, needs_pixels(),
        [this](const std::string& what, std::int64_t done, std::int64_t total) {
          if (!options_.quiet) progress_.update(what, done, total);
        },
        [this](const std::string& line) { say(line); });
    say(data.description());
    if (settings_.learner.learner != "zero-shot") {  // an option that does not fit the model leaves nothing behind
      say_memory(opened, data.of_seed(settings_.seeds.at(0)).base.classes);
      static_cast<void>(make_learner(opened, data.of_seed(settings_.seeds.at(0)).base.classes, settings_.learner, 1));
    }
    open_folder();
    nlohmann::json per_seed = nlohmann::json::array();
    Scores zero_shot;
    for (const std::uint64_t seed : settings_.seeds) {
      const BaseToNewTask task = data.of_seed(seed);
      if (per_seed.empty()) zero_shot = test_zero_shot(opened, task);
      const auto result = run_seed(opened, task, seed, data.augments(), zero_shot);
      if (result.is_null()) {
        say("stopped; the same command goes on from the last whole epoch");
        return 130;
      }
      per_seed.push_back(result);
    }
    const auto results = run_results(zero_shot, std::move(per_seed));
    folder_->save("results.json", results);
    print(results);
    return 0;
  }

 private:
  [[nodiscard]] bool needs_pixels() const {
    const std::string& name = settings_.learner.learner;
    return name != "zero-shot" && learner_named(name).prompts_images;
  }

  /// What a step keeps, of all classes of the base half (a step of MAO: of those in its batch).
  void say_memory(const OpenedModel& opened, const ClassList& classes) {
    if (!opened.text_bytes) return;
    std::int64_t tokens = 0;
    for (const std::string& name : classes.names) {
      tokens += static_cast<std::int64_t>(opened.model->tokenize(name).size()) + 2;  // the full stop and the end
    }
    const auto mebibytes = [](std::size_t bytes) { return (bytes >> 20U) + 1; };
    const std::size_t text = opened.text_bytes(tokens);
    std::string line = text_of("a step keeps about ", mebibytes(text), " MiB of ", classes.size(), " classes (", tokens,
                               " tokens) for its way back");
    const std::int64_t images = settings_.learner.batch > 0 ? settings_.learner.batch : 32;
    if (needs_pixels()) line += text_of(", ", mebibytes(opened.image_bytes(images)), " MiB of ", images, " images");
    const auto limit = static_cast<std::size_t>(settings_.model.memory_limit) << 20U;
    if (limit > 0 && (text > limit || (needs_pixels() && opened.image_bytes(images) > limit))) {
      line += text_of("; over the limit of ", settings_.model.memory_limit, " MiB: in parts, each computed twice");
    }
    say(line);
  }

  /// Makes the run's folder, once model and data are known to be there: a mistyped path leaves nothing behind.
  void open_folder() {
    if (!folder_) folder_.emplace(options_.out, settings_);
    for (const std::string& line : unlogged_) folder_->log(line);
    unlogged_.clear();
  }

  void log(const std::string& line) {
    if (folder_) {
      folder_->log(line);
    } else {
      unlogged_.push_back(line);
    }
  }

  void say(const std::string& line) {
    progress_.finish();
    if (!options_.quiet) std::cout << line << std::endl;
    log(line);
  }

  void print(const nlohmann::json& results) {
    std::ostringstream table;
    print_scores(table, "zero-shot", results.at("zero_shot"));
    const std::string name = settings_.learner.learner + (settings_.learner.mao ? " + MAO" : "");
    if (settings_.learner.learner != "zero-shot") {
      print_scores(table, name + (settings_.learner.mao ? " (paper)" : ""), results.at("paper"));
      if (settings_.learner.mao) {
        print_scores(table, name + " (single)", results.at("single"));
        if (results.contains("first")) print_scores(table, "base step alone", results.at("first"));
      }
    }
    progress_.finish();
    std::cout << table.str() << std::flush;
    log(table.str());
  }

  Scores test_zero_shot(const OpenedModel& opened, const BaseToNewTask& task) {
    auto untuned = make_zero_shot(opened, task.base.classes, settings_.learner);
    const double base = test_on(untuned, task.base).accuracy;
    return {base, test_on(untuned, task.fresh).accuracy};
  }

  /// Null when the run was stopped.
  nlohmann::json run_seed(const OpenedModel& opened, const BaseToNewTask& task, std::uint64_t seed, bool augment,
                          const Scores& zero_shot) {
    const std::string name = text_of("seed", seed);
    if (const auto finished = folder_->read(name + "/result.json"); !finished.is_null()) {
      say(text_of("seed ", seed, ": finished before"));
      return finished;
    }
    if (settings_.learner.learner == "zero-shot") {
      return {{"seed", seed}, {"paper", to_json(zero_shot)}, {"single", to_json(zero_shot)}};
    }
    auto steps =
        make_steps(settings_, task.base.classes.size(), seed, augment, [this](const std::string& line) { say(line); });
    steps.folder = folder_->folder(name);
    steps.info = {.method = settings_.learner.learner,
                  .model = opened.model->fingerprint(),
                  .classes = {},
                  .settings = settings_};
    forget_unfinished_epochs(seed, steps.folder);
    std::string stage;
    steps.on_stage = [&](const std::string& now) { stage = now; };
    steps.observer = observer(seed, stage);
    auto backbone = make_learner(opened, task.base.classes, settings_.learner, seed);
    const auto similarity = settings_.learner.mao ? make_similarity(opened, settings_) : Similarity();
    const auto labeler = [&](Learner& tuned) {
      AnyLabeler made = make_labeler(opened, task.fresh, settings_.learner, copy_of(tuned, opened, settings_.learner));
      if (!made.note.empty()) say(text_of("seed ", seed, ": ", made.note));
      return made;
    };
    const auto train_plain = [&](Learner& learner, const TaskHalf& base, const PlainOptions& options) {
      return tuner_of(learner_named(settings_.learner.learner), learner, base, options);
    };
    const auto result = run_base_to_new(backbone, task, similarity, labeler, steps, train_plain);
    if (!result) return nullptr;
    const auto object = seed_result(seed, *result, task.base.classes, task.fresh.classes);
    folder_->save(name + "/result.json", object);
    std::ostringstream line;
    print_scores(line, text_of("seed ", seed), object.at("paper"));
    const std::string text = line.str();
    say(text.substr(0, text.size() - 1));
    return object;
  }

  /// metrics.jsonl keeps no epoch that this run is going to repeat.
  void forget_unfinished_epochs(std::uint64_t seed, const std::filesystem::path& folder) {
    std::map<std::string, int> done;
    for (const char* stage : {"plain", "base", "new"}) {
      const auto file = folder / text_of(stage, ".checkpoint.safetensors");
      if (std::filesystem::exists(file)) done[stage] = std::stoi(read_safetensors(file).metadata.at("epochs_done"));
    }
    folder_->forget_metrics([&](const nlohmann::json& line) {
      return line.value("seed", std::uint64_t{0}) == seed &&
             line.value("epoch", 0) > done[line.value("stage", std::string())];
    });
  }

  Observer observer(std::uint64_t seed, const std::string& stage) {
    Observer observer;
    observer.should_stop = stop_asked;
    observer.on_step = [this, seed, &stage](const StepReport& report) {
      if (options_.quiet) return;
      std::ostringstream note;
      note << std::fixed << std::setprecision(3) << "loss " << report.loss;
      progress_.update(text_of("seed ", seed, ", ", stage, ", epoch ", report.epoch + 1, "/", report.epochs),
                       report.step + 1, report.steps, note.str());
    };
    observer.on_epoch = [this, seed, &stage](const EpochReport& report) {
      folder_->metric({{"seed", seed},
                       {"stage", stage},
                       {"epoch", report.epoch + 1},
                       {"epochs", report.epochs},
                       {"steps", report.steps},
                       {"skipped", report.skipped},
                       {"loss", report.loss},
                       {"accuracy", report.accuracy},
                       {"learning_rate", report.learning_rate}});
      std::ostringstream line;
      line << "seed " << seed << ", " << stage << ", epoch " << report.epoch + 1 << '/' << report.epochs << std::fixed
           << std::setprecision(4) << ": loss " << report.loss << std::setprecision(1) << ", accuracy "
           << report.accuracy << std::defaultfloat << std::setprecision(4) << " %, lr " << report.learning_rate;
      say(line.str());
    };
    return observer;
  }

  RunSettings settings_;
  RunOptions options_;
  std::optional<RunFolder> folder_;
  std::vector<std::string> unlogged_;  ///< lines from before the folder
  Progress progress_;
};

}  // namespace

void add_tune(CLI::App& app, int& status) {
  auto settings = std::make_shared<RunSettings>();
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("tune", "train a learner, plain or with MAO, and test on base and new classes");
  command->add_option("--config", "file of options, `name = value` (TOML or INI); the command line wins");
  command->add_option("--preset", "settings of a published row (`mao presets`); the command line wins");
  add_model_options(*command, settings->model);
  add_data_options(*command, settings->data);
  add_learner_options(*command, settings->learner);
  command->add_option("--seeds", settings->seeds, "one run for each; results are mean and deviation")
      ->capture_default_str();
  command->add_option("--out", options->out, "folder of the run; the same command goes on with an interrupted one")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "decoding threads beside the one that trains")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--cache-mib", options->cache_mib, "memory for decoded images, MiB")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_feature_cache_option(*command, options->feature_cache);
  command->add_flag("--quiet", options->quiet, "print the result alone");
  command->callback([settings, options, &status] {
    stop_on_signals();
    status = TuneRun(*settings, *options).run();
  });
}

}  // namespace mao_program
