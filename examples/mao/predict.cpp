// SPDX-License-Identifier: Apache-2.0
// mao predict: the most likely classes of single images, with learned prompts or by class names alone.
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <optional>

#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>

#include <mao/clip/image_sources.hpp>
#include <mao/data/folder.hpp>
#include <mao/report/text_table.hpp>
#include <mao/tuner/predict.hpp>

#include "class_names.hpp"
#include "commands.hpp"
#include "image_features.hpp"
#include "learner.hpp"
#include "tuned.hpp"

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
};

/// --classes, --classes-file, or the classes that the prompts were tuned on.
ClassList classes_of(const PredictOptions& options, const std::optional<Prompts>& prompts) {
  ClassList classes = given_class_names(options.classes, options.classes_file);
  if (classes.names.empty() && prompts) classes = prompts->info.classes;
  require<OptionError>(!classes.names.empty(),
                       "which classes? give --classes A B C, --classes-file FILE, or --prompts FILE");
  return classes;
}

/// Files as they are, the images of folders and what lies below them in the order of their names, "-": one path a line
/// from the standard input.
std::vector<std::string> images_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> images;
  for (const std::string& argument : arguments) {
    if (argument == "-") {
      for (std::string line; std::getline(std::cin, line);) {
        if (!line.empty()) images.push_back(line);
      }
    } else if (fs::is_directory(argument)) {
      std::vector<std::string> inside;
      for (const auto& entry : fs::recursive_directory_iterator(argument)) {
        if (entry.is_regular_file() && mao::detail::is_image_name(entry.path()))
          inside.push_back(entry.path().string());
      }
      require<DataError>(!inside.empty(), argument, ": no images in this folder; expected .jpg, .jpeg or .png files");
      std::sort(inside.begin(), inside.end());
      images.insert(images.end(), inside.begin(), inside.end());
    } else {
      images.push_back(argument);
    }
  }
  require<DataError>(!images.empty(),
                     "no image was named; give files, folders, or - and one path a line on the "
                     "standard input");
  return images;
}

struct Guess {
  std::string name;
  double probability = 0;
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

void print_json(const std::vector<std::string>& images, const std::vector<std::vector<Guess>>& guesses) {
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t i = 0; i < images.size(); ++i) {
    nlohmann::json best = nlohmann::json::array();
    for (const Guess& guess : guesses[i]) best.push_back({{"class", guess.name}, {"probability", guess.probability}});
    all.push_back({{"image", images[i]}, {"top", best}});
  }
  std::cout << all.dump(2) << "\n";
}

void print_csv(const std::vector<std::string>& images, const std::vector<std::vector<Guess>>& guesses) {
  std::cout << "image,rank,class,probability\n" << std::setprecision(6);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t rank = 0; rank < guesses[i].size(); ++rank) {
      std::cout << mao::detail::csv_cell(images[i]) << ',' << rank + 1 << ','
                << mao::detail::csv_cell(guesses[i][rank].name) << ',' << guesses[i][rank].probability << "\n";
    }
  }
}

void print_text(const std::vector<std::string>& images, const std::vector<std::vector<Guess>>& guesses) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::cout << images[i] << "\n" << std::fixed << std::setprecision(1);
    for (const Guess& guess : guesses[i]) {
      std::cout << std::setw(7) << 100 * guess.probability << " %  " << guess.name << "\n";
    }
  }
}

int run(PredictOptions options) {
  std::optional<Prompts> prompts;
  if (!options.prompts.empty()) {
    prompts = load_prompts(options.prompts);
    take_model_of(*prompts, options.settings);
  }
  const ClassList classes = classes_of(options, prompts);
  const std::vector<std::string> names = images_of(options.images);
  const OpenedModel opened = open_model(options.settings.model);
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  LabelledImages images{.source = nullptr, .labels = {}, .classes = classes};
  for (const std::string& image : names) images.files.push_back(fs::absolute(image).string());
  images.source = std::make_unique<FileImages>(std::vector<fs::path>(names.begin(), names.end()), loader);
  if (!prompts || !learner_named(prompts->info.method).prompts_images) {
    const auto cache =
        open_feature_cache(options.feature_cache, [](const std::string& line) { std::cerr << line << "\n"; });
    images.source =
        std::make_unique<FeatureImages>(evaluation_features(opened, images, cache), opened.model->fingerprint());
  }
  const auto logits_of = [&](auto&& backbone) { return predict_logits(backbone, *images.source, 16); };
  const Tensor logits = prompts ? logits_of(restored_learner(opened, *prompts, classes))
                                : logits_of(make_zero_shot(opened, classes, options.settings.learner));
  const auto guesses = best_of(logits, classes, options.top);
  (options.json ? print_json : options.csv ? print_csv : print_text)(names, guesses);
  return 0;
}

}  // namespace

void add_predict(CLI::App& app, int& status) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = app.add_subcommand("predict", "classify images with learned prompts, or by class names alone");
  command
      ->add_option("images", options->images,
                   "image files (JPEG, PNG), folders of them, or - for paths on the standard input")
      ->required();
  command->add_option("--prompts", options->prompts, "a *.prompts.safetensors file of a run");
  command->add_option("--classes", options->classes, "class names (default: those the prompts were tuned on)");
  command->add_option("--classes-file", options->classes_file, "text file, one class name a line");
  add_model_options(*command, options->settings.model);
  add_template_option(*command, options->settings.learner);
  command->add_option("--top", options->top, "how many classes to print")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_feature_cache_option(*command, options->feature_cache);
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--csv", options->csv, "print CSV: image, rank, class, probability")->excludes(json);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace mao_program
