// SPDX-License-Identifier: Apache-2.0
// mao eval: accuracy of learned prompts, or of the untuned model, on a data set or a half of it.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <optional>

#include <mao/data/base_new.hpp>
#include <mao/data/open.hpp>
#include <mao/io/json_text.hpp>
#include <mao/tuner/predict.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "data/class_names.hpp"
#include "data/image_features.hpp"
#include "interrupt.hpp"
#include "known_values.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "runs/progress.hpp"
#include "tune/all_classes.hpp"
#include "tune/idle_options.hpp"
#include "tune/known_names.hpp"
#include "tune/next_steps.hpp"
#include "tune/results.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

struct EvalOptions {
  std::string prompts;
  RunSettings settings;
  Half half = Half::All;
  std::string split = "test";
  bool json = false;
  bool per_class = false;
  int threads = 2;
  std::string feature_cache;
};

nlohmann::json as_json(const Metrics& metrics, const ClassList& classes, const EvalOptions& options) {
  nlohmann::json object{{"accuracy", metrics.accuracy}, {"macro_f1", metrics.macro_f1}, {"correct", metrics.correct},
                        {"total", metrics.total},       {"classes", classes.size()},    {"half", name_of(options.half)},
                        {"split", options.split}};
  if (options.prompts.empty()) {
    object["templates"] = zero_shot_templates(options.settings.method.zero_shot_template, options.settings.data.data);
  }
  for (std::size_t i = 0; i < classes.names.size(); ++i) object["per_class"][classes.names[i]] = metrics.per_class[i];
  return object;
}

void print(const Metrics& metrics, const ClassList& classes, const EvalOptions& options) {
  std::cout << std::fixed << std::setprecision(2) << options.settings.data.data << ": " << options.split
            << " images of " << name_of(options.half) << " classes: accuracy " << metrics.accuracy << " % ("
            << metrics.correct << " of " << metrics.total << "), macro F1 " << metrics.macro_f1 << " %, "
            << classes.size() << " classes" << (options.prompts.empty() ? ", untuned model\n" : "\n");
  if (!options.per_class) return;
  for (std::size_t i = 0; i < classes.names.size(); ++i) {
    std::cout << std::setw(7) << metrics.per_class[i] << "  " << classes.names[i] << "\n";
  }
}

/// The classes that the prompts were tuned on with labels.
ClassList base_of(const Prompts& prompts) {
  return is_joined(prompts) ? joined_of(prompts).classes().front() : prompts.info.first_classes;
}

bool has_all(const ClassList& list, const ClassList& classes) {
  return std::ranges::all_of(
      classes.names, [&](const std::string& name) { return std::ranges::find(list.names, name) != list.names.end(); });
}

/// How many of the classes are those that the prompts were tuned on with labels, where others follow; 0 otherwise.
std::int64_t base_classes_of(const Prompts& prompts, const ClassList& classes) {
  const ClassList base = base_of(prompts);
  const bool first = base.size() > 0 && base.size() < classes.size() &&
                     std::is_permutation(base.names.begin(), base.names.end(), classes.names.begin());
  return first ? base.size() : 0;
}

/// How many classes of several groups `classes` leaves out: images are not classified among these.
std::int64_t left_out_of(const Prompts& prompts, const ClassList& classes) {
  if (!is_joined(prompts)) return 0;
  return std::ranges::count_if(prompts.info.classes.names, [&](const std::string& name) {
    return std::ranges::find(classes.names, name) == classes.names.end();
  });
}

/// How many of `classes` the prompts were last tuned for, where it is some of them only; 0 otherwise.
std::int64_t tuned_part_of(const Prompts& prompts, const ClassList& classes) {
  const std::int64_t tuned = std::ranges::count_if(classes.names, [&](const std::string& name) {
    return std::ranges::find(prompts.info.classes.names, name) != prompts.info.classes.names.end();
  });
  return tuned == classes.size() ? 0 : tuned;
}

/// The data that the prompts were tuned on; what the command line gives of the rest stays.
void take_data_of(const Prompts& prompts, DataSettings& data) {
  const DataSettings saved = settings_of(prompts).data;
  data.data = saved.data;
  if (data.root.empty()) data.root = saved.root;
  if (data.classnames.empty()) data.classnames = saved.classnames;
}

/// **Throws** `OptionError` for --root or --classnames that change nothing of what is read.
void refuse_idle_data_options(const CLI::App& command, const DataSettings& data) {
  const bool rendered = is_rendered(data.data);
  const std::string root = why_root_is_idle(rendered, find_named(data.data) != nullptr, data.data);
  if (!root.empty()) refuse_options(command, {"--root"}, root);
  if (rendered) refuse_options(command, {"--classnames"}, why_classnames_are_idle(rendered));
}

/// Replaces the images by their features, which are encoded once for all classifiers, or cached.
void encode_images(LabelledImages& images, const OpenedModel& opened, const EvalOptions& options) {
  ProgressLine progress(std::cerr, ProgressLine::is_terminal());
  const auto cache = open_feature_cache(options.feature_cache, [&](const std::string& line) {
    progress.finish();
    std::cerr << line << "\n";
  });
  Tensor features = evaluation_features(opened, images, cache, [&](std::int64_t done) {
    if (!options.json) progress.update("encode images", done, images.source->size());
  });
  images.source = std::make_unique<FeatureImages>(std::move(features), opened.model->fingerprint());
  progress.finish();
}

/// What the accuracy does not say by itself, of any prompts.
void print_class_notes(const Prompts& prompts, const LabelledImages& images, Half half) {
  const ClassList& classes = images.classes;
  for (const std::string& note : images.notes) std::cout << "note: " << note << "\n";
  if (half == Half::New && has_all(base_of(prompts), classes)) {
    std::cout << "note: the prompts were tuned on labelled images of all these classes: none is new to them\n";
  }
  const std::string numbers = numbers_note(classes);
  if (!numbers.empty()) std::cout << numbers << "\n";
  const auto is_known = [&](const std::string& name) {
    const auto has = [&](const ClassList& list) { return std::ranges::find(list.names, name) != list.names.end(); };
    return has(prompts.info.classes) || has(prompts.info.first_classes);
  };
  if (std::ranges::none_of(classes.names, is_known)) {
    std::cout << "note: the prompts were tuned for none of these " << classes.size() << " classes; they were tuned for "
              << prompts.info.classes.size() << " others (" << printable(prompts.info.classes.names.front())
              << ", ...)\n";
  }
}

/// What the accuracy of these prompts on all classes does not say by itself.
void print_notes(const Prompts& prompts, const ClassList& classes) {
  if (const std::int64_t left_out = left_out_of(prompts, classes); left_out > 0) {
    std::cout << "note: this data has images of " << classes.size() << " of the " << prompts.info.classes.size()
              << " classes that the prompts know, and they were classified among these " << classes.size()
              << "; `mao predict` chooses among all, and may take an image for one of the other " << left_out << "\n";
  }
  if (const std::int64_t tuned = tuned_part_of(prompts, classes); tuned > 0) {
    std::cout << "note: these prompts were last tuned for " << tuned << " of these " << classes.size()
              << " classes; --half base and --half new test the halves one by one\n";
  }
}

/// The metrics of one classifier, and its figures over all classes where there are base classes and others.
struct Tested {
  Metrics metrics;
  nlohmann::json all_classes;
};

template <class BackboneT>
Tested test(BackboneT&& backbone, const LabelledImages& images, std::int64_t base_classes) {
  const Tensor logits = predict_logits(backbone, images.classes, *images.source);
  Tested tested{measure(winners(logits), images.labels, images.classes), nullptr};
  if (base_classes > 0) tested.all_classes = all_class_figures(logits, images.labels, base_classes);
  return tested;
}

/// The command line with what the prompts say of it.
EvalOptions completed(EvalOptions options, const std::optional<Prompts>& prompts, const CLI::App& command) {
  if (prompts) {
    refuse_options(command, {"--template"}, "the prompts of " + options.prompts + " replace it");
    take_model_of(*prompts, options.settings, names_model(command));
    if (options.settings.data.data.empty()) take_data_of(*prompts, options.settings.data);
  }
  require<OptionError>(
      !options.settings.data.data.empty(),
      "which images? give a *.prompts.safetensors file, whose data is then used, or --data, for example "
      "`mao eval --data sketch` for the untuned model");
  refuse_idle_model_options(command, options.settings.model);
  refuse_idle_data_options(command, options.settings.data);
  return options;
}

/// Where the files are not the data that the prompts were tuned with, and have classes of it.
std::string note_on_other_data(const Prompts& prompts, const Dataset& files, const ClassList& classes) {
  const auto& settings = prompts.info.settings;
  const std::string changed = changed_since(settings.value("images", nlohmann::json()), settings_of(prompts).data.data,
                                            files, FingerprintOf::All);
  const bool shares = std::ranges::any_of(base_of(prompts).names, [&](const std::string& name) {
    return std::ranges::find(classes.names, name) != classes.names.end();
  });
  if (changed.empty() || !shares) return {};
  return "this is not the data of the run as it was, so the prompts may have been trained on some of these images";
}

/// **Throws** as `open_images`, and `OptionError` where the data that the prompts name is not what they were tuned
/// with.
LabelledImages images_for(const std::optional<Prompts>& prompts, const OpenedModel& opened, const EvalOptions& options,
                          bool data_of_prompts) {
  const DataSettings& data = options.settings.data;
  ImagesWanted wanted{.split = options.split, .half = options.half};
  if (prompts) {
    wanted.base = base_of(*prompts).names;
    wanted.tuned = prompts->info.classes.names;
  }
  if (!prompts || is_rendered(data.data)) return open_images(opened, data, wanted, options.threads);
  const Dataset files = open_files(data);
  if (!data_of_prompts) {
    LabelledImages images = images_in(opened, files, data, wanted, options.threads);
    const std::string note = note_on_other_data(*prompts, files, images.classes);
    if (!note.empty()) images.notes.push_back(note);
    return images;
  }
  const auto which = options.split == "train"  ? FingerprintOf::Training
                     : options.split == "test" ? FingerprintOf::Test
                                               : FingerprintOf::All;
  const std::string changed =
      changed_since(prompts->info.settings.value("images", nlohmann::json()), data.data, files, which);
  require<OptionError>(changed.empty(), changed, "; to test on them as they are now, add --data ",
                       shell_word(data.data));
  return images_in(opened, files, data, wanted, options.threads);
}

int run(const EvalOptions& given, const CLI::App& command) {
  const std::optional<Prompts> prompts =
      given.prompts.empty() ? std::nullopt : std::optional(open_prompts(given.prompts));
  const EvalOptions options = completed(given, prompts, command);
  const OpenedModel opened = open_model(options.settings.model);
  LabelledImages images = images_for(prompts, opened, options, given.settings.data.data.empty());
  if (prompts) images.classes = spelled_as_in(*prompts, images.classes);
  const bool prompts_images = prompts && method_named(prompts->info.method).prompts_images();
  if (!prompts_images) encode_images(images, opened, options);
  const std::int64_t base = prompts ? base_classes_of(*prompts, images.classes) : 0;
  const auto untuned = [&] {
    return test(make_zero_shot(opened, images.classes, options.settings.method, options.settings.data.data), images,
                base);
  };
  const Tested tested = prompts ? test(restored_backbone(opened, *prompts, images.classes), images, base) : untuned();
  if (options.json) {
    nlohmann::json object = as_json(tested.metrics, images.classes, options);
    if (base > 0) object["all_classes"] = tested.all_classes;
    std::cout << json_text(object, 2) << "\n";
    return 0;
  }
  print(tested.metrics, images.classes, options);
  if (base > 0) {
    nlohmann::json rows{{"these prompts", tested.all_classes}};
    if (!prompts_images) rows["zero_shot"] = untuned().all_classes;  // its features are there
    print_all_classes(std::cout, {{"all_classes", rows}});
  }
  if (prompts) print_class_notes(*prompts, images, options.half);
  if (prompts && options.half == Half::All) print_notes(*prompts, images.classes);
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, int& status) {
  auto options = std::make_shared<EvalOptions>();
  options->settings.data.data.clear();
  CLI::App* command = add_command(app, "eval", "test learned prompts, or the untuned model, on labelled images");
  command
      ->add_option("prompts", options->prompts,
                   "a *.prompts.safetensors file of a run; without it, the untuned model is tested")
      ->type_name("FILE");
  add_model_options(*command, options->settings.model);
  default_to_saved_model(*command);
  command
      ->add_option("--data", options->settings.data.data,
                   "as in mao tune (default: the data that the prompts were tuned on)")
      ->type_name("NAME|PATH")
      ->check(known_values_or_path(data_names()));
  add_root_options(*command, options->settings.data);
  add_template_option(*command, options->settings.method);
  command
      ->add_option_function<std::string>(
          "--half", [options](const std::string& name) { options->half = half_named(name); },
          "all, base or new classes")
      ->check(CLI::IsMember(half_names()))
      ->default_str(name_of(options->half));
  command->add_option("--split", options->split, "train, val or test")
      ->check(CLI::IsMember({"train", "val", "test"}))
      ->capture_default_str();
  command
      ->add_option("--threads", options->threads,
                   "threads that decode images, beside the encoding itself (OMP_NUM_THREADS: the threads of that)")
      ->check(zero_or_above())
      ->capture_default_str();
  add_feature_cache_option(*command, options->feature_cache);
  command->add_flag("--per-class", options->per_class, "also print the accuracy of every class");
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, command, &status] {
    stop_on_signals();
    status = run(*options, *command);
  });
}

}  // namespace mao_program
