// SPDX-License-Identifier: Apache-2.0
// mao predict: the most likely classes of single images, with learned prompts or by class names alone.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>

#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>

#include <mao/io/json_text.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "data/class_names.hpp"
#include "data/image_features.hpp"
#include "data/readable_images.hpp"
#include "interrupt.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "report/csv_option.hpp"
#include "runs/progress.hpp"
#include "tune/idle_options.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

struct PredictOptions {
  std::vector<std::string> images;
  std::string prompts;
  std::vector<std::string> classes;
  std::string classes_file;
  RunSettings settings;
  std::int64_t top = 5;
  std::string feature_cache;
  bool json = false, csv = false;
  CsvCells cells = CsvCells::Guarded;
};

/// --classes, --classes-file, or the classes that the prompts were tuned on.
ClassList classes_of(const PredictOptions& options, const std::optional<Prompts>& prompts) {
  ClassList classes = given_class_names(options.classes, options.classes_file);
  if (classes.names.empty() && prompts) classes = prompts->info.classes;
  if (!classes.names.empty()) return classes;
  const std::string& image = options.images.front();
  std::error_code no_such_name;
  const bool missing = image != "-" && !fs::exists(image, no_such_name);
  throw OptionError(
      text_of("which classes? give --classes A B C, --classes-file FILE, or --prompts FILE, for example "
              "`mao predict photo.jpg --prompts run/seed1/new.prompts.safetensors`",
              missing ? text_of("; and there is no file ", image) : std::string()));
}

struct Guess {
  std::string name;
  double probability = 0;
  std::string group = {};  ///< of the class, where the prompts have groups
};

/// The best classes of each image. **Shape** logits [N, C].
std::vector<std::vector<Guess>> best_of(const Tensor& logits, const ClassList& classes, std::int64_t top) {
  const auto [values, ids] = at::topk(at::softmax(logits, 1), std::min(top, classes.size()), 1);
  std::vector<std::vector<Guess>> all;
  for (std::int64_t row = 0; row < values.size(0); ++row) {
    std::vector<Guess> best;
    for (std::int64_t rank = 0; rank < values.size(1); ++rank) {
      const auto id = static_cast<std::size_t>(ids[row][rank].item<std::int64_t>());
      best.push_back({classes.names[id], values[row][rank].item<double>()});
    }
    all.push_back(std::move(best));
  }
  return all;
}

using Guesses = std::vector<std::vector<Guess>>;

/// Says of each class which group of the prompts it is in.
void add_groups(Guesses& guesses, const Prompts& prompts) {
  const std::vector<std::string> groups = group_names(prompts);
  std::map<std::string, std::string> group_of;
  for (std::size_t i = 0; i < groups.size(); ++i) group_of.try_emplace(prompts.info.classes.names[i], groups[i]);
  for (auto& best : guesses) {
    for (Guess& guess : best) guess.group = group_of.at(guess.name);
  }
}

/// Files that could not be read stand at the end, each with its error.
void print_json(const ReadableImages& images, const Guesses& guesses) {
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    nlohmann::json best = nlohmann::json::array();
    for (const Guess& guess : guesses[i]) {
      best.push_back({{"class", guess.name}, {"probability", guess.probability}});
      if (!guess.group.empty()) best.back()["group"] = guess.group;
    }
    all.push_back({{"image", images.names[i]}, {"top", best}});
  }
  for (const DamagedImage& image : images.damaged) all.push_back({{"image", image.name}, {"error", image.reason}});
  std::cout << json_text(all, 2) << "\n";
}

void print_csv(const ReadableImages& images, const Guesses& guesses, CsvCells cells) {
  const bool grouped = !guesses.empty() && !guesses.front().front().group.empty();
  std::cout << "image,rank,class,probability" << (grouped ? ",group\n" : "\n") << std::setprecision(6);
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    for (std::size_t rank = 0; rank < guesses[i].size(); ++rank) {
      std::cout << mao::detail::csv_cell(escaped(images.names[i]), cells) << ',' << rank + 1 << ','
                << mao::detail::csv_cell(guesses[i][rank].name, cells) << ',' << guesses[i][rank].probability;
      if (grouped) std::cout << ',' << mao::detail::csv_cell(guesses[i][rank].group, cells);
      std::cout << "\n";
    }
  }
}

void print_text(const ReadableImages& images, const Guesses& guesses) {
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    std::cout << printable(images.names[i]) << "\n" << std::fixed << std::setprecision(1);
    for (const Guess& guess : guesses[i]) {
      std::cout << std::setw(7) << 100 * guess.probability << " %  " << printable(guess.name)
                << (guess.group.empty() ? std::string() : "  (" + guess.group + ")") << "\n";
    }
  }
}

/// **Shape** [N, C].
Tensor logits_of(const std::vector<std::string>& names, const OpenedModel& opened, const ClassList& classes,
                 const std::optional<Prompts>& prompts, const PredictOptions& options) {
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  LabelledImages images{.source = nullptr, .labels = {}, .classes = classes};
  for (const std::string& image : names) images.files.push_back(fs::absolute(image).string());
  images.source = std::make_unique<FileImages>(std::vector<fs::path>(names.begin(), names.end()), loader);
  if (!prompts || !method_named(prompts->info.method).prompts_images()) {
    ProgressLine progress(std::cerr, ProgressLine::is_terminal());
    const auto cache = open_feature_cache(options.feature_cache, [&](const std::string& line) {
      progress.finish();
      std::cerr << line << "\n";
    });
    Tensor features = evaluation_features(opened, images, cache, [&](std::int64_t done) {
      if (!options.json && !options.csv) progress.update("encode images", done, images.source->size());
    });
    progress.finish();
    images.source = std::make_unique<FeatureImages>(std::move(features), opened.model->fingerprint());
  }
  const auto tested = [&](auto&& backbone) { return predict_logits(backbone, classes, *images.source, 16); };
  return prompts ? tested(restored_backbone(opened, *prompts, classes))
                 : tested(make_zero_shot(opened, classes, options.settings.method));
}

/// Among which classes the answers are, for people.
void say_classes(const std::optional<Prompts>& prompts, const ClassList& classes) {
  std::cerr << "classifying among "
            << (prompts ? description_of_classes(*prompts, classes)
                        : text_of(classes.size(), " classes, the ones given"))
            << std::endl;
}

int run(PredictOptions options, const CLI::App& command) {
  std::optional<Prompts> prompts;
  if (!options.prompts.empty()) {
    refuse_options(command, {"--template"}, "the prompts of " + options.prompts + " replace it");
    prompts = open_prompts(options.prompts);
    take_model_of(*prompts, options.settings, names_model(command));
  }
  refuse_idle_model_options(command, options.settings.model);
  ClassList classes = classes_of(options, prompts);
  if (prompts && is_joined(*prompts)) classes = spelled_as_in(*prompts, std::move(classes));
  if (classes.size() == 1) std::cerr << "note: there is one class, so each image is 100 % of it\n";
  const std::vector<std::string> names = images_of(options.images);
  stop_on_signals();  // not before: paths may come from the keyboard
  const OpenedModel opened = open_model(options.settings.model);
  Guesses guesses;
  const Transparency transparency = opened.model->preprocess().transparency;
  const ReadableImages images = with_readable_images(names, transparency, [&](const std::vector<std::string>& whole) {
    guesses = best_of(logits_of(whole, opened, classes, prompts, options), classes, options.top);
    if (prompts && is_joined(*prompts)) add_groups(guesses, *prompts);
  });
  if (!options.json && !options.csv && classes.size() > 1) say_classes(prompts, classes);
  if (options.csv) {
    print_csv(images, guesses, options.cells);
  } else {
    (options.json ? print_json : print_text)(images, guesses);
  }
  std::cout << std::flush;
  return report_damaged(images.damaged, names.size());
}

}  // namespace

void add_predict(CLI::App& app, int& status) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = add_command(app, "predict", "classify images with learned prompts, or with class names only");
  command
      ->add_option("images", options->images,
                   "image files (JPEG, PNG, WEBP), folders of them, or - for paths on the standard input")
      ->type_name("PATH")
      ->required();
  command->add_option("--prompts", options->prompts, "a *.prompts.safetensors file of a run")->type_name("FILE");
  command->add_option("--classes", options->classes, "class names (default: those in the prompts file)")
      ->type_name("NAME");
  command->add_option("--classes-file", options->classes_file, "text file, one class name per line")->type_name("FILE");
  add_model_options(*command, options->settings.model);
  default_to_saved_model(*command);
  add_template_option(*command, options->settings.method);
  command->add_option("--top", options->top, "how many classes to print")->check(above_zero())->capture_default_str();
  add_feature_cache_option(*command, options->feature_cache);
  auto* json = command->add_flag("--json", options->json, "print JSON");
  auto* csv = command
                  ->add_flag("--csv", options->csv,
                             "print CSV: image, rank, class, probability (and group, if the prompts have several)")
                  ->excludes(json);
  add_plain_csv(*command, options->cells)->needs(csv);
  command->callback([options, command, &status] { status = run(*options, *command); });
}

}  // namespace mao_program
