// SPDX-License-Identifier: Apache-2.0
// mao add: a further group of classes beside those of a tuned run, whose prompts stay as they are; or the groups of the
// run in one file.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>

#include <mao/data/class_key.hpp>
#include <mao/models/image_sources.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "data/class_names.hpp"
#include "data/image_features.hpp"
#include "data/readable_images.hpp"
#include "data/task_images.hpp"
#include "interrupt.hpp"
#include "numbers.hpp"
#include "output_file.hpp"
#include "runs/progress.hpp"
#include "tune/idle_options.hpp"
#include "tune/labelers.hpp"
#include "tune/learn_gate.hpp"
#include "tune/next_steps.hpp"
#include "tune/own_tuner.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

struct AddOptions {
  std::string run, out, name;
  std::vector<std::string> classes;
  std::string classes_file, images;
  std::string prompts = "untuned";
  std::string gate = "learned";
  std::uint64_t seed = 1;
  RunSettings settings;  // of the model alone
  RunOptions run_options;
};

void say(const std::string& line) { std::cerr << line << std::endl; }

/// The prompts files in a folder that one classifier is made of, with the names of their groups.
std::vector<std::pair<std::string, fs::path>> files_of_seed(const fs::path& folder) {
  const auto file = [&](const char* stage) { return folder / text_of(stage, ".prompts.safetensors"); };
  if (fs::exists(file("joined"))) return {{"base", file("joined")}};
  std::vector<std::pair<std::string, fs::path>> files;
  for (const char* first : {"plain", "base"}) {
    if (files.empty() && fs::exists(file(first))) files.emplace_back("base", file(first));
  }
  if (!files.empty() && fs::exists(file("new"))) files.emplace_back("new", file("new"));
  return files;
}

fs::path folder_of_seed(const AddOptions& options) { return fs::path(options.run) / text_of("seed", options.seed); }

/// `from seed 1 of RUN; --seed selects another one: 2, 3`, and a line break. Nothing where no run was given.
std::string seed_text(const AddOptions& options) {
  std::error_code absent;
  if (!fs::is_directory(folder_of_seed(options), absent)) return {};
  std::set<std::uint64_t> others;
  for (const auto& entry : fs::directory_iterator(options.run, absent)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t seed = 0;
    const char* const end = name.data() + name.size();
    if (!name.starts_with("seed") || std::from_chars(name.data() + 4, end, seed).ptr != end) continue;
    if (seed != options.seed && !files_of_seed(entry.path()).empty()) others.insert(seed);
  }
  std::string list;
  for (const std::uint64_t seed : others) list += text_of(list.empty() ? "; --seed selects another one: " : ", ", seed);
  return text_of("from seed ", options.seed, " of ", options.run, list, "\n");
}

/// The groups that are there already: those of a joined file, one for another prompts file, those of a run's seed.
JoinedPrompts groups_there(const AddOptions& options, PromptInfo& info) {
  expect_run_or_prompts_file(options.run);
  require<OptionError>(options.out.ends_with(".prompts.safetensors"), options.out,
                       ": expected the name of a *.prompts.safetensors file to write, as the other commands find them");
  std::vector<std::pair<std::string, fs::path>> files;
  if (!fs::is_directory(options.run)) {
    files.emplace_back("base", options.run);
  } else {
    const fs::path of_seed = folder_of_seed(options);
    files = files_of_seed(fs::is_directory(of_seed) ? of_seed : fs::path(options.run));
  }
  require<OptionError>(!files.empty(), options.run, ": there are no prompts of seed ", options.seed,
                       " in this folder; expected a finished run of `mao tune` (--seed selects one of its seeds), or a "
                       "*.prompts.safetensors file");
  JoinedPrompts joined;
  for (const auto& [name, file] : files) {
    expect_prompts_output(options.out, {file.string(), options.classes_file});
    Prompts prompts = open_prompts(file.string());
    if (joined.groups.empty()) info = prompts.info;
    if (is_joined(prompts)) {
      info.settings.erase("joined");
      return joined_of(prompts);
    }
    joined.groups.push_back({name, std::move(prompts)});
  }
  return joined;
}

/// **Throws** `OptionError` for a class that would be the same prompt as one that is there, or a group's name that is.
void expect_new(const JoinedPrompts& joined, const ClassList& classes, const std::string& name) {
  std::map<std::string, std::pair<std::string, std::string>> there;
  for (const PromptGroup& group : joined.groups) {
    require<OptionError>(group.name != name, "there is already a group '", name,
                         "'; give the added group another name with --name");
    for (const std::string& known : group.prompts.info.classes.names) there[prompt_key(known)] = {known, group.name};
  }
  for (const std::string& added : classes.names) {
    const auto found = there.find(prompt_key(added));
    require<OptionError>(found == there.end(), "the class '", added, "' already exists: '",
                         found == there.end() ? "" : found->second.first, "' in the group '",
                         found == there.end() ? "" : found->second.second, "'; leave it out");
  }
}

std::string free_name(const JoinedPrompts& joined) {
  const auto taken = [&](const std::string& name) {
    return std::ranges::any_of(joined.groups, [&](const PromptGroup& group) { return group.name == name; });
  };
  std::string name = "added";
  for (int i = 2; taken(name); ++i) name = text_of("added", i);
  return name;
}

/// The group that was tuned last. **Throws** `OptionError` where none was.
const PromptGroup& last_tuned(const JoinedPrompts& joined) {
  for (std::size_t g = joined.groups.size(); g-- > 0;) {
    if (joined.groups[g].prompts.info.method != "zero-shot") return joined.groups[g];
  }
  throw OptionError("no group of these prompts was tuned; run `mao tune` first");
}

/// One addition.
class Addition {
 public:
  Addition(AddOptions options, const CLI::App& command) : options_(std::move(options)) {
    joined_ = groups_there(options_, info_);
    classes_ = given_class_names(options_.classes, options_.classes_file);
    Prompts first{.info = info_, .tensors = {}};
    saved_ = settings_of(first);
    expect_something_to_do();
    if (options_.name.empty()) options_.name = free_name(joined_);
    expect_new(joined_, classes_, options_.name);
    take_model_of(first, options_.settings, names_model(command));
    refuse_idle_model_options(command, options_.settings.model);
    if (only_joins()) {
      refuse_options(command, {"--prompts", "--name"},
                     "without --classes, the groups of the run are joined as they are");
      if (options_.gate == "untuned") {
        refuse_options(command, {"--threads", "--feature-cache"}, "with --gate untuned nothing is learned from images");
      }
    } else if (options_.images.empty()) {
      refuse_options(command, {"--gate", "--threads", "--feature-cache"},
                     "without --images nothing is learned from images");
    } else {
      refuse_options(command, {"--prompts"}, "the images of --images tune the group's prompts");
      require<OptionError>(
          classes_.size() > 1 || options_.gate == "learned",
          "--images and --gate untuned: from images of one class alone nothing is learned but the gate; "
          "leave one of the two options out, or add two classes or more");
    }
  }

  int run() {
    const OpenedModel opened = open_model(options_.settings.model);
    if (only_joins()) {
      if (options_.gate == "learned") joined_.gate = gate_between_halves(opened);
      write(opened);
      return 0;
    }
    check_class_prompts(*opened.model, with_classes_there(*opened.model), "the added classes and those before them");
    if (options_.images.empty()) {
      joined_.groups.push_back(named_only(opened));
      joined_.gate.added.emplace_back();
    } else {
      LabelledImages images = images_of_group(opened);
      JoinedGate gate = options_.gate == "learned" ? gate_beside(opened, images) : JoinedGate();
      std::optional<PromptGroup> group = classes_.size() == 1 ? single_class(opened) : trained(opened, images);
      if (!group) throw Stopped();
      joined_.groups.push_back(std::move(*group));
      joined_.gate.added.push_back(std::move(gate));
    }
    write(opened);
    return 0;
  }

 private:
  /// Without classes to add: the base and the new group of a run become one file.
  [[nodiscard]] bool only_joins() const { return classes_.names.empty(); }

  /// **Throws** `OptionError` where there are neither classes to add nor two groups to join.
  void expect_something_to_do() const {
    const bool two_halves = joined_.groups.size() == 2 && joined_.gate.added.empty() &&
                            !joined_.gate.weight.defined() && saved_.has_new_stage() && options_.images.empty();
    if (!only_joins() || two_halves) return;
    const char* const why = !options_.images.empty() ? "--images needs the names of their classes"
                            : joined_.groups.size() > 1
                                ? "these prompts join several groups already, so use them as they are"
                                : "the run has no new stage, so there is nothing to join";
    throw OptionError(text_of(why, "; to add classes, give --classes-file FILE or --classes A B C"));
  }

  /// The added classes, then those of the groups before. Two of those may be the same to the model, as in ImageNet, and
  /// only one is listed then.
  [[nodiscard]] ClassList with_classes_there(const AnyModel& model) const {
    ClassList all{.names = classes_.names, .same_names = SameNames::refuse};
    std::set<std::vector<std::int64_t>> known;
    for (const std::string& name : mao::detail::joined_list(joined_.classes()).names) {
      if (known.insert(model.tokenize(readable(name))).second) all.names.push_back(name);
    }
    return all;
  }

  /// A group without images: untuned, or with the prompts that were tuned last.
  PromptGroup named_only(const OpenedModel& opened) {
    PromptInfo info = info_;
    if (options_.prompts == "untuned") {
      info.method = "zero-shot";
      info.classes = info.first_classes = classes_;
      return {options_.name, {.info = info, .tensors = {}}};
    }
    const PromptGroup& from = last_tuned(joined_);
    AnyBackbone backbone = group_backbone(opened, from);
    backbone.bind(classes_);
    return {options_.name, prompts_of(backbone, from.prompts.info, classes_)};
  }

  /// One class is told apart from nothing within its group, so only the gate learns from its images.
  PromptGroup single_class(const OpenedModel& opened) {
    say("note: a group of one class has an untuned prompt; its images teach the gate");
    PromptGroup group = named_only(opened);
    group.images = images_folder();
    return group;
  }

  [[nodiscard]] std::string images_folder() const { return fs::absolute(options_.images).lexically_normal().string(); }

  [[nodiscard]] bool augments(const OpenedModel& opened) const {
    const std::string& how = saved_.data.augment;
    return how == "crop-flip" || (how == "auto" && opened.augments && !is_rendered(saved_.data.data));
  }

  /// Images whose classes nobody says, as files.
  LabelledImages files_in(const OpenedModel& opened, const std::string& folder, const ClassList& classes) const {
    const std::vector<std::string> names = mao_program::images_of({folder});
    LoaderOptions loader;
    loader.preprocess = opened.model->preprocess();
    loader.threads = options_.run_options.threads;
    LabelledImages images{.source = nullptr, .labels = {}, .classes = classes};
    for (const std::string& image : names) images.files.push_back(fs::absolute(image).string());
    images.source = std::make_unique<FileImages>(std::vector<fs::path>(names.begin(), names.end()), loader);
    return images;
  }

  LabelledImages encoded(const OpenedModel& opened, LabelledImages images, const std::string& what,
                         bool keep_pixels) const {
    ProgressLine progress(std::cerr, ProgressLine::is_terminal());
    const auto cache = open_feature_cache(options_.run_options.feature_cache, say);
    const std::int64_t total = images.source->size();
    return with_features(opened, std::move(images), keep_pixels, cache,
                         [&](std::int64_t done) { progress.update("encode " + what, done, total); });
  }

  LabelledImages images_of_group(const OpenedModel& opened) const {
    std::error_code no_such_name;
    require<FileError>(fs::exists(options_.images, no_such_name), "--images ", options_.images, ": no such folder");
    LabelledImages images = files_in(opened, options_.images, classes_);
    if (augments(opened)) return images;
    const bool pixels = method_named(last_tuned(joined_).prompts.info.method).prompts_images();
    return encoded(opened, std::move(images), "images of the added classes", pixels);
  }

  /// The images that the groups were trained on: of the base classes, of the new ones if the run had images of them,
  /// and those of groups that were added with images. **Throws** `OptionError` if they cannot be read.
  std::vector<LabelledImages> training_images(const OpenedModel& opened) const {
    DataSettings data = saved_.data;
    data.augment = "none";
    data.views = 0;
    std::vector<LabelledImages> before;
    try {
      const TaskImages task(opened, data, options_.run_options, false);
      if (task.files()) {
        const std::string changed = changed_since(info_.settings.value("images", nlohmann::json()), data.data,
                                                  *task.files(), FingerprintOf::Training);
        require<DataError>(changed.empty(), changed);
      }
      before.push_back(encoded(opened, task.training(Half::Base, options_.seed), "base training images", false));
      const bool has_new = joined_.groups.size() - joined_.gate.added.size() > 1;
      if (has_new && saved_.has_new_stage()) {
        before.push_back(encoded(opened, task.training(Half::New, options_.seed), "new training images", false));
      }
      for (const PromptGroup& group : joined_.groups) {
        if (group.images.empty()) continue;
        before.push_back(encoded(opened, files_in(opened, group.images, group.prompts.info.classes),
                                 "images of the group " + group.name, false));
      }
    } catch (const Error& error) {
      throw OptionError(
          text_of("the gate is learned from the images that the groups were trained on, and these cannot "
                  "be used (",
                  error.what(),
                  "); restore them (a relative path is looked up in the current folder), or let the untuned model "
                  "decide: --gate untuned"));
    }
    return before;
  }

  /// As `mao tune --recipe all-classes` learns it.
  JoinedGate gate_between_halves(const OpenedModel& opened) const {
    const std::vector<LabelledImages> halves = training_images(opened);
    const std::vector<ClassList> classes = joined_.classes();
    return learn_gate(opened, saved_,
                      {.before = {halves.front().source.get()},
                       .last = halves.back().source.get(),
                       .classes_before = classes.front(),
                       .classes_last = classes.back()},
                      {.between = "base and new", .proportions = {}}, say);
  }

  /// Learned from the images that the groups were trained on, and `images`.
  JoinedGate gate_beside(const OpenedModel& opened, LabelledImages& images) const {
    const std::vector<LabelledImages> before = training_images(opened);
    GatePool pool{.before = {}, .last = images.source.get(), .classes_before = {}, .classes_last = classes_};
    for (const LabelledImages& group : before) pool.before.push_back(group.source.get());
    pool.classes_before = mao::detail::joined_list(joined_.classes());
    const std::vector<double> proportions{static_cast<double>(pool.classes_before.size()),
                                          static_cast<double>(classes_.size())};
    return learn_gate(opened, saved_, pool,
                      {.between = "the earlier groups and " + options_.name, .proportions = proportions}, say);
  }

  /// MAO's new stage on the images, from the prompts that were tuned last. Nothing when it was stopped.
  std::optional<PromptGroup> trained(const OpenedModel& opened, LabelledImages& images) const {
    const PromptGroup& from = last_tuned(joined_);
    AnyBackbone backbone = group_backbone(opened, from);
    backbone.bind(classes_);
    RunSettings stage = saved_;
    stage.method.mao = true;
    stage.method.steps = "new";
    stage.method.sampler = MethodSettings().sampler;  // of the stages before
    stage.data.classes = "base-new";
    if (stage.method.labeler == "none") stage.method.labeler = MethodSettings().labeler;
    const BaseToNewOptions steps =
        make_steps(stage, from.prompts.info.classes.size(), options_.seed, augments(opened), say);
    const TaskHalf half{
        .classes = classes_, .train = images.source.get(), .train_labels = {}, .test = nullptr, .test_labels = {}};
    AnyLabeler labeler =
        make_labeler(opened, half, stage.method, [&] { return copy_of(backbone, opened, stage.method); });
    if (!labeler.note.empty()) say(labeler.note);
    AnyTuner tuner = StageTuners(opened, stage.method)(backbone, half, std::move(labeler), *steps.mao_new);
    Observer observer;
    observer.should_stop = stop_asked;
    observer.on_epoch = [](const EpochReport& report) {
      std::ostringstream line;
      line << "new stage, epoch " << report.epoch + 1 << '/' << report.epochs << std::fixed << std::setprecision(4)
           << ": loss " << report.loss;
      say(line.str());
    };
    const StopsBetweenSteps training;
    if (!(tuner.fit(*images.source, observer) == FitResult::Finished)) return std::nullopt;
    return PromptGroup{options_.name, prompts_of(backbone, from.prompts.info, classes_), images_folder()};
  }

  void write(const OpenedModel& opened) {
    require<OptionError>(opened.model->fingerprint() == info_.model, "these prompts were tuned on another model (",
                         info_.model, ") than --model names (", opened.model->fingerprint(), ")");
    const std::string over = over_earlier(options_.out);
    save_joined(options_.out, joined_, info_);
    std::cout << "wrote " << options_.out << over << ": " << mao::detail::joined_list(joined_.classes()).size()
              << " classes in " << joined_.groups.size() << " groups";
    for (const PromptGroup& group : joined_.groups) {
      std::cout << (&group == &joined_.groups.front() ? ": " : ", ") << group.name << " ("
                << group.prompts.info.classes.size() << ", "
                << (group.prompts.info.method == "zero-shot" ? "untuned" : group.prompts.info.method) << ")";
    }
    std::cout << std::endl << seed_text(options_);
    if (!only_joins() && joined_.groups.size() - joined_.gate.added.size() > 1 && !joined_.gate.weight.defined()) {
      std::cout << "note: the untuned model alone tells the base classes and the new classes of the run apart, because "
                   "no learned gate is saved with them; for one, run `mao add RUN --out FILE` without --classes first, "
                   "and add the classes to FILE"
                << std::endl;
    }
    std::cout << "Next: mao predict IMAGE --prompts " << shell_word(options_.out) << "\n";
  }

  AddOptions options_;
  PromptInfo info_;
  RunSettings saved_;
  JoinedPrompts joined_;
  ClassList classes_;
};

}  // namespace

void add_add(CLI::App& app, int& status) {
  auto options = std::make_shared<AddOptions>();
  CLI::App* command =
      add_command(app, "add", "add a group of classes to a tuned run, or join its base and new classes, in a new file");
  command->add_option("run", options->run, "folder of a run of mao tune, or a *.prompts.safetensors file")
      ->type_name("RUN")
      ->required();
  command
      ->add_option("--out", options->out,
                   "the *.prompts.safetensors file to write; it replaces an earlier prompts file and no other file")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--classes", options->classes,
                   "names of the added classes (without any: join the base and new classes of a run with --mao)")
      ->type_name("NAME");
  command->add_option("--classes-file", options->classes_file, "text file, one class name per line")->type_name("FILE");
  command
      ->add_option("--images", options->images,
                   "folder of unlabelled images of the added classes: MAO's new stage tunes prompts on them")
      ->type_name("DIR");
  command
      ->add_option("--prompts", options->prompts,
                   "without --images: untuned, or tuned for the prompts that the run tuned last")
      ->check(CLI::IsMember({"untuned", "tuned"}))
      ->capture_default_str();
  command
      ->add_option("--gate", options->gate,
                   "with --images, or if classes are joined: the gate between the groups, learned from images of both, "
                   "or untuned")
      ->check(CLI::IsMember({"learned", "untuned"}))
      ->capture_default_str();
  command->add_option("--name", options->name, "name of the group, for mao predict (default: added, added2, ...)")
      ->type_name("NAME");
  command->add_option("--seed", options->seed, "which seed of the run to extend; also the seed of the training")
      ->capture_default_str();
  add_model_options(*command, options->settings.model);
  default_to_saved_model(*command);
  command
      ->add_option("--threads", options->run_options.threads,
                   "threads that decode images, beside the training itself (OMP_NUM_THREADS: the threads of that)")
      ->check(zero_or_above())
      ->capture_default_str();
  add_feature_cache_option(*command, options->run_options.feature_cache);
  command->callback([options, command, &status] {
    stop_on_signals();
    status = Addition(*options, *command).run();
  });
}

}  // namespace mao_program
