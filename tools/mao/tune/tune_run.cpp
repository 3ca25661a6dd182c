// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/data/open.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/prompts/distinct_prompts.hpp>
#include <mao/version.hpp>

#include <nlohmann/json.hpp>

#include "data/class_names.hpp"
#include "data/named_data.hpp"
#include "data/targets.hpp"
#include "data/task_data.hpp"
#include "interrupt.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "tune/all_classes.hpp"
#include "tune/labelers.hpp"
#include "tune/memory_estimate.hpp"
#include "tune/mini_batches.hpp"
#include "tune/own_tuner.hpp"
#include "tune/results.hpp"
#include "tune/run_output.hpp"
#include "tune/seed_records.hpp"
#include "tune/tune_run.hpp"
#include "tune/workers.hpp"

namespace mao_program {

namespace {

/// One invocation of `run_tune`.
class TuneRun {
 public:
  TuneRun(RunSettings settings, RunOptions options, std::shared_ptr<Workers> workers)
      : settings_(std::move(settings)),
        options_(std::move(options)),
        workers_(std::move(workers)),
        output_(options_.out, options_.quiet, !is_first(workers_.get())) {}

  int run() {
    try {
      return train_all();
    } catch (const Stopped&) {
      return stopped();
    }
  }

 private:
  int train_all() {
    check_settings(settings_);
    output_.check_place(settings_.data.data);
    take_config();
    if (is_finished()) return 0;
    if (output_.exists() && !hold()) return stopped();
    say(text_of("mao ", version, ", run folder ", options_.out));
    say(text_of("method ", method_text(settings_.method.name, settings_.method.mao), ", data ", settings_.data.data,
                is_rendered(settings_.data.data) ? " (rendered images, which come with mao)" : ""));
    static_cast<void>(
        zero_shot_templates(settings_.method.zero_shot_template, settings_.data.data));  // before any work
    const OpenedModel opened = open_model(settings_.model);
    say(opened.description);
    say("images: " + opened.pixels);
    if (!has_old_config_) expect_same_pixels(describe(opened.model->preprocess()));
    if (!has_old_model_) expect_same_model(opened.model->fingerprint());
    const EncodeProgress encoding = [this](const std::string& what, std::int64_t done, std::int64_t total) {
      output_.progress(what, done, total);
    };
    const auto note = [this](const std::string& line) { say(line); };
    TaskData data(opened, settings_.data, options_, needs_pixels(), encoding, note);
    say(data.description());
    if (data.images().files() && named_data(settings_.data) == nullptr) {
      const UnreadFiles unread = unread_of(settings_.data.data);
      if (unread.total() > 0) say("note: " + unread.description());
    }
    const Targets targets(opened, settings_.targets, settings_.data, options_, needs_pixels(), encoding, note);
    const BaseToNewTask task = data.of_seed(settings_.seeds.at(0));
    for (const auto* half : {&task.base, &task.fresh}) check_class_prompts(*opened.model, half->classes, "the data");
    if (const std::string note_on_names = numbers_note(task.base.classes); !note_on_names.empty()) say(note_on_names);
    expect_two_classes(task.base.classes);
    mention_few(task.base);
    if (!is_zero_shot()) {  // an option that does not fit the model leaves nothing behind
      const ClassList& classes = task.base.classes;
      const MemoryEstimate memory = estimate_memory(opened, classes, settings_, needs_pixels());
      if (memory.text > 0) say(description_of(memory, classes, settings_.model.memory_limit));
      prepare_first(opened, classes);
      expect_names_fit(opened, task, targets);
    }
    output_.open(config_);  // not before: a mistyped path leaves nothing behind
    if (!hold()) return stopped();
    if (is_finished()) {  // by whoever held the folder until now
      output_.release();
      return 0;
    }
    try {
      const int status = run_seeds(opened, data, targets);
      if (status == 0) output_.release();
      return status;
    } catch (const Stopped&) {
      throw;  // the folder stays, for the run that resumes
    } catch (...) {
      if (!workers_) output_.withdraw();
      throw;
    }
  }

  [[nodiscard]] bool is_zero_shot() const { return settings_.method.name == "zero-shot"; }

  [[nodiscard]] bool needs_pixels() const {
    return !is_zero_shot() && method_named(settings_.method.name).prompts_images();
  }

  /// What config.json holds: the settings, and a fingerprint of the files that they name.
  ///
  /// **Throws** `OptionError` when these have changed since the run began.
  void take_config() {
    config_ = settings_;
    const nlohmann::json flat = config_.flatten();
    for (const auto& [setting, value] : flat.items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : std::string();
      require<OptionError>(is_utf8(text), "the setting ", setting.substr(1), " is '", escaped(text),
                           "', which is not UTF-8, and config.json could not hold it; rename the file or folder, or "
                           "make a link to it");
    }
    const nlohmann::json saved = output_.saved_config();
    const bool was_kept = saved.is_object() && saved.contains("images");
    nlohmann::json images;
    try {
      images = fingerprint_of_files(settings_);
    } catch (const FileError& error) {  // a finished run may outlive its data
      if (!was_kept || !std::filesystem::exists(std::filesystem::path(options_.out) / "results.json")) throw;
      say(text_of("note: whether the data has changed since cannot be told: ", error.what()));
      images = saved.at("images");
    }
    if (saved.is_object() && !was_kept && !images.is_null()) {
      if (has_same_settings(saved)) {
        say(text_of("note: ", options_.out,
                    " has no fingerprint of its data, so whether that has changed cannot be told"));
      }
      images = nullptr;
    }
    if (!images.is_null()) config_["images"] = images;
    has_old_config_ = saved.is_object() && !saved.contains("preprocess");
    has_old_model_ = saved.is_object() && !saved.contains("model_fingerprint");
    if (saved.is_object() && !has_old_config_) config_["preprocess"] = saved.at("preprocess");
    if (saved.is_object() && !has_old_model_) config_["model_fingerprint"] = saved.at("model_fingerprint");
    const std::string changed = was_kept ? changed_files(saved.at("images"), images) : std::string();
    if (changed.empty() || !has_same_settings(saved)) return;
    throw OptionError(text_of(options_.out, " holds a run on data that has changed since (", changed,
                              "); put it back as it was, or choose another --out, or remove ", options_.out,
                              " to train on the current data"));
  }

  /// Other settings are for `RunFolder` to name.
  [[nodiscard]] bool has_same_settings(nlohmann::json saved) const {
    saved.erase("images");
    saved.erase("preprocess");
    saved.erase("model_fingerprint");
    return saved == nlohmann::json(settings_);
  }

  /// The folder was opened with what its config.json says of pixels, before there was a model to ask.
  void expect_same_pixels(const std::string& now) {
    const std::string there = config_.value("preprocess", now);
    require<OptionError>(there == now, options_.out, " holds a run with other settings: preprocess: ", there,
                         " there, ", now,
                         " now; choose another --out, or put the files beside the checkpoint back as they were");
    config_["preprocess"] = now;
  }

  /// The same of the checkpoint: seeds that are finished are never compared with another model's.
  void expect_same_model(const std::string& now) {
    const std::string there = config_.value("model_fingerprint", now);
    require<OptionError>(there == now, options_.out, " holds a run on another model than ", settings_.model.model,
                         " is now (", there, " there, ", now,
                         " now); put the checkpoint and the files beside it back "
                         "as they were, or choose another --out");
    config_["model_fingerprint"] = now;
  }

  /// True, having said so, when an earlier call did it all.
  bool is_finished() {
    if (!output_.exists()) return false;
    output_.open(config_);  // says at once when it holds another run
    const auto look = [&](const nlohmann::json& results) { static_cast<void>(table_of(results)); };
    const auto finished = output_.folder().read("results.json", look);
    if (finished.is_null()) return false;
    say(options_.out + ": this run is finished; nothing to do");
    print(finished);
    return true;
  }

  bool hold() { return output_.hold(options_, stop_asked); }

  int stopped() {
    say(output_.exists() ? "stopped; the same command resumes the run from its last complete epoch"
                         : "stopped before the training; the same command starts it again");
    return stopped_status;
  }

  int run_seeds(const OpenedModel& opened, TaskData& data, const Targets& targets) {
    nlohmann::json per_seed = nlohmann::json::array(), zero_shot;
    for (const std::uint64_t seed : settings_.seeds) {
      const BaseToNewTask task = data.of_seed(seed);
      if (per_seed.empty()) zero_shot = zero_shot_results(opened, task, targets);
      const auto result = run_seed(opened, data, task, targets, seed, zero_shot);
      if (result.is_null()) {
        return stopped();
      }
      per_seed.push_back(result);
    }
    const auto results = run_results(zero_shot, std::move(per_seed));
    output_.folder().save("results.json", results);
    print(results);
    return 0;
  }

  void say(const std::string& line) { output_.say(line); }

  /// **Throws** `DataError` where training has nothing to tell a class apart from.
  void expect_two_classes(const ClassList& classes) const {
    const bool all = settings_.data.classes == "all";
    require<DataError>(classes.size() > 1 || is_zero_shot(), settings_.data.data, ": there is only the class '",
                       printable(classes.names.front()), all ? "'" : "' in the base half",
                       ", and training has no other class to tell it apart from; ",
                       all ? "add images of another class" : "--class-split all trains on all classes");
  }

  void mention_few(const TaskHalf& half) {
    std::vector<int> images(half.classes.names.size());
    for (const std::int64_t label : half.train_labels) ++images.at(static_cast<std::size_t>(label));
    const auto few = std::ranges::count_if(images, [&](int count) { return count < settings_.data.shots; });
    if (few == 0 || is_zero_shot()) return;
    say(text_of("note: ", few, " of the ", images.size(), " classes to train on ", few == 1 ? "has" : "have",
                " fewer than ", settings_.data.shots, " training images (--shots); all of theirs are used"));
  }

  /// What is the same for every seed.
  void say_once(const std::string& line) {
    if (said_.insert(line).second) say(line);
  }

  [[nodiscard]] std::string table_of(const nlohmann::json& results) const {
    std::ostringstream table;
    print_results(table, settings_.method.name, settings_.method.mao, settings_.method.starts_plain(), results);
    if (settings_.method.joins_classes()) print_all_classes(table, results);
    return table.str();
  }

  void print(const nlohmann::json& results) { output_.show(table_of(results)); }

  /// Kept in zero_shot.json.
  nlohmann::json zero_shot_results(const OpenedModel& opened, const BaseToNewTask& task, const Targets& targets) {
    const auto before = output_.folder().read("zero_shot.json", [&](const nlohmann::json& object) {
      for (const char* key : {"base", "new", "h"}) static_cast<void>(object.at(key));
      for (const std::string& name : targets.names()) static_cast<void>(object.at("targets").at(name));
    });
    if (!before.is_null()) return before;
    auto untuned = make_zero_shot(opened, task.base.classes, settings_.method, settings_.data.data);
    const Metrics base = test_on(untuned, task.base);
    std::optional<Metrics> fresh;
    if (task.fresh.test) fresh = test_on(untuned, task.fresh);
    auto results = zero_shot_result(base, task.base.classes, fresh, task.fresh.classes);
    if (task.fresh.test) results["all_classes"] = AllClassesTest(opened, settings_, task).zero_shot();
    if (!targets.names().empty()) {
      results["targets"] = targets.accuracies([&](const std::string& name, const ClassList& classes) {
        return make_zero_shot(opened, classes, settings_.method, name);
      });
    }
    output_.folder().save("zero_shot.json", results);
    return results;
  }

  /// Null when the run was stopped.
  nlohmann::json run_seed(const OpenedModel& opened, const TaskData& data, const BaseToNewTask& task,
                          const Targets& targets, std::uint64_t seed, const nlohmann::json& zero_shot) {
    const std::string name = folder_of(seed);
    const auto complete = [&](const nlohmann::json& object) {
      static_cast<void>(run_results(zero_shot, nlohmann::json::array({object})));
    };
    if (const auto finished = output_.folder().read(name + "/result.json", complete); !finished.is_null()) {
      say(text_of("seed ", seed, ": finished before"));
      return finished;
    }
    if (is_zero_shot()) return untuned_seed(seed, zero_shot);
    auto steps = make_steps(settings_, task.base.classes.size(), seed, data.images().augments(),
                            [this](const std::string& line) { say_once(line); });
    share_batches(steps, workers_);
    steps.folder = output_.folder().folder(name);
    RunSettings saved = settings_;
    saved.method.zero_shot_template = without_template_file(saved.method.zero_shot_template);
    steps.info = {
        .method = settings_.method.name, .model = opened.model->fingerprint(), .classes = {}, .settings = saved};
    if (config_.contains("images")) steps.info.settings["images"] = config_.at("images");  // what --data was
    forget_unfinished_epochs(seed, steps.folder);
    link_for_dassl(name);
    SeedRecords records(steps.folder, [this] { output_.expect_held(); });
    std::string stage;
    std::optional<StopsBetweenSteps> training;
    steps.observer = observer(seed, stage, records);
    AnyBackbone backbone = backbone_of(seed, opened, task.base.classes);
    std::optional<AnyBackbone> after_base;  // the new stage trains on what the first one learned
    steps.on_stage = [&](const std::string& now) {
      training.reset();
      expect_no_stop();
      stage = now;
      if (now != "test") training.emplace();
      if (now == "test" && steps.mao_new && !after_base) after_base = copy_of(backbone, opened, settings_.method);
    };
    const StageTuners tuners(opened, settings_.method);
    const bool mines = settings_.has_base_stage() && !tuners.draws_itself();
    const auto similarity = mines ? make_similarity(opened, settings_) : Similarity();
    if (mines && seed == settings_.seeds.front()) {
      LabelledImages pixels = data.images().training(Half::Base, seed);
      output_.folder().save_compact(
          name + "/batches.json",
          mini_batches(opened, task.base, *pixels.source, similarity, steps.mao_base->sampler, settings_.method, seed));
    }
    const auto result = train(opened, task, backbone, similarity, seed, steps, tuners);
    if (!result) return nullptr;
    records.result(*result, task);
    auto object = seed_result(seed, *result, task.base.classes, task.fresh.classes);
    if (!targets.names().empty()) {
      object["targets"] =
          targets.accuracies([&](const std::string&, const ClassList&) -> AnyBackbone& { return backbone; });
    }
    if (steps.test_new) {
      object["all_classes"] = all_classes(opened, task, after_base ? *after_base : backbone, backbone, steps);
    }
    output_.folder().save(name + "/result.json", object);
    std::ostringstream line;
    print_scores(line, text_of("seed ", seed), object.at("paper"));
    const std::string text = line.str();
    say(text.substr(0, text.size() - 1));
    return object;
  }

  /// Figures of one classifier over all classes; the recipe for it leaves its prompts as joined.prompts.safetensors.
  nlohmann::json all_classes(const OpenedModel& opened, const BaseToNewTask& task, AnyBackbone& after_base,
                             AnyBackbone& final, const BaseToNewOptions& steps) {
    const bool new_stage = steps.mao_new.has_value();
    AllClassesTest test(opened, settings_, task);
    const JoinedGate gate = test.learned_gate(new_stage, [this](const std::string& line) { say(line); });
    if (settings_.method.joins_classes() && is_first(workers_.get())) {
      save_joined(steps.folder / "joined.prompts.safetensors",
                  joined_prompts(after_base, final, task, new_stage, steps.info, gate), steps.info,
                  steps.observer.before_save);
    }
    auto figures = test.tuned(after_base, final, steps.mao_base.has_value(), new_stage, gate);
    output_.folder().save_compact(steps.folder.filename().string() + "/all_classes.json", test.details());
    return figures;
  }

  /// dassl/seedN: a folder of only seeds, as Dassl's parse scripts want it.
  void link_for_dassl(const std::string& name) {
    const auto links = output_.folder().folder("dassl");
    std::error_code no_links_here;
    if (!std::filesystem::exists(links / name)) {
      std::filesystem::create_directory_symlink(std::filesystem::path("..") / name, links / name, no_links_here);
    }
  }

  /// Makes the method of the first seed that is not finished: what does not fit is said before there is a folder.
  void prepare_first(const OpenedModel& opened, const ClassList& classes) {
    const auto is_open = [&](std::uint64_t seed) {
      return !std::filesystem::exists(std::filesystem::path(options_.out) / folder_of(seed) / "result.json");
    };
    const auto first = std::ranges::find_if(settings_.seeds, is_open);
    if (first != settings_.seeds.end()) {
      first_ = MadeBackbone{*first, make_backbone(opened, classes, settings_.method, *first)};
    }
  }

  /// **Throws** for a class name that is too long for the prompts or for the labeller, in any list of classes that the
  /// run will come to: no training is lost then.
  void expect_names_fit(const OpenedModel& opened, const BaseToNewTask& task, const Targets& targets) {
    if (!first_) return;
    AnyBackbone& backbone = first_->backbone;
    if (settings_.has_new_classes() && !settings_.method.is_class_specific()) {
      bind_to(backbone, task.fresh.classes, "the new classes");
    }
    for (std::size_t i = 0; i < targets.names().size(); ++i) {
      bind_to(backbone, targets.classes(i), "the target " + targets.names()[i]);
    }
    bind_to(backbone, task.base.classes, "the base classes");
    if (!settings_.has_new_stage()) return;
    for (const std::string& pattern : zero_shot_templates(settings_.method.zero_shot_template, {})) {
      for (const std::string& name : task.fresh.classes.names)
        sentence_ids(*opened.model, fill_template(pattern, name));
    }
  }

  AnyBackbone backbone_of(std::uint64_t seed, const OpenedModel& opened, const ClassList& classes) {
    if (first_ && first_->seed == seed) return std::exchange(first_, std::nullopt)->backbone;
    return make_backbone(opened, classes, settings_.method, seed);
  }

  static std::string folder_of(std::uint64_t seed) { return text_of("seed", seed); }

  /// The same for every seed: nothing is learned.
  static nlohmann::json untuned_seed(std::uint64_t seed, const nlohmann::json& zero_shot) {
    nlohmann::json result{{"seed", seed}};
    for (const char* key : {"base", "new", "h"}) result["paper"][key] = result["single"][key] = zero_shot.at(key);
    if (zero_shot.contains("targets")) result["targets"] = zero_shot.at("targets");
    return result;
  }

  std::optional<BaseToNewResult> train(const OpenedModel& opened, const BaseToNewTask& task, AnyBackbone& backbone,
                                       const Similarity& similarity, std::uint64_t seed, const BaseToNewOptions& steps,
                                       const StageTuners& tuners) {
    const auto labeler = [&](AnyBackbone& tuned) {
      AnyLabeler made =
          make_labeler(opened, task.fresh, settings_.method, [&] { return copy_of(tuned, opened, settings_.method); });
      if (!made.note.empty()) say(text_of("seed ", seed, ": ", made.note));
      return made;
    };
    return run_base_to_new(backbone, task, similarity, labeler, steps, tuners);
  }

  /// metrics.jsonl keeps no epoch that this run is going to repeat.
  void forget_unfinished_epochs(std::uint64_t seed, const std::filesystem::path& folder) {
    std::map<std::string, int> done;
    for (const char* stage : {"plain", "base", "new"}) {
      const auto file = folder / text_of(stage, ".checkpoint.safetensors");
      if (!std::filesystem::exists(file)) continue;
      const auto metadata = read_safetensors(file).metadata;
      const auto epochs = metadata.find("epochs_done");  // another kind of file is refused when it is loaded
      done[stage] = epochs == metadata.end() ? 0 : std::atoi(epochs->second.c_str());
    }
    output_.folder().forget_metrics([&](const nlohmann::json& line) {
      return line.value("seed", std::uint64_t{0}) == seed &&
             line.value("epoch", 0) > done[line.value("stage", std::string())];
    });
  }

  Observer observer(std::uint64_t seed, const std::string& stage, SeedRecords& records) {
    Observer observer;
    observer.should_stop = stop_asked;
    observer.before_save = [this] { output_.expect_held(); };
    observer.on_step = [this, seed, &stage, &records](const StepReport& report) {
      records.step(stage, report);
      std::ostringstream note;
      note << std::fixed << std::setprecision(3) << "loss " << report.loss;
      output_.progress(text_of("seed ", seed, ", ", stage, ", epoch ", report.epoch + 1, "/", report.epochs, ", step"),
                       report.step + 1, report.steps, note.str());
    };
    observer.on_epoch = [this, seed, &stage, &records](const EpochReport& report) {
      output_.expect_held();
      records.epoch(stage, report);
      output_.folder().metric({{"seed", seed},
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
           << std::setprecision(4) << ": loss " << report.loss << std::setprecision(1)
           << (stage == "new" ? ", agreement with the pseudo labels " : ", accuracy ") << report.accuracy
           << std::defaultfloat << std::setprecision(4) << " %, lr " << report.learning_rate;
      say(line.str());
    };
    return observer;
  }

  struct MadeBackbone {
    std::uint64_t seed;
    AnyBackbone backbone;
  };

  RunSettings settings_;
  nlohmann::json config_;
  bool has_old_config_ = false;  // from before pixels were noted in it
  bool has_old_model_ = false;   // from before the model's fingerprint was
  RunOptions options_;
  std::shared_ptr<Workers> workers_;  ///< null: this process alone
  RunOutput output_;
  std::set<std::string> said_;
  std::optional<MadeBackbone> first_;  // to be trained first
};

}  // namespace

int run_tune(const RunSettings& settings, const RunOptions& options, const std::shared_ptr<Workers>& workers) {
  return TuneRun(settings, options, workers).run();
}

}  // namespace mao_program
