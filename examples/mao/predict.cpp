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
#include <mao/tuner/predict.hpp>

#include "class_names.hpp"
#include "commands.hpp"
#include "image_features.hpp"
#include "learner.hpp"
#include "tuned.hpp"

namespace mao_program {

namespace {

struct PredictOptions {
  std::vector<std::string> images;
  std::string prompts;
  std::vector<std::string> classes;
  std::string classes_file;
  RunSettings settings;
  std::int64_t top = 5;
  std::string feature_cache;
  bool json = false;
};

/// --classes, --classes-file, or the classes that the prompts were tuned on.
ClassList classes_of(const PredictOptions& options, const std::optional<Prompts>& prompts) {
  ClassList classes{options.classes};
  if (!options.classes_file.empty()) classes = read_class_names(options.classes_file);
  if (classes.names.empty() && prompts) classes = prompts->info.classes;
  require<OptionError>(!classes.names.empty(),
                       "which classes? give --classes A B C, --classes-file FILE, or --prompts FILE");
  return classes;
}

int run(PredictOptions options) {
  std::optional<Prompts> prompts;
  if (!options.prompts.empty()) {
    prompts = load_prompts(options.prompts);
    take_model_of(*prompts, options.settings);
  }
  const ClassList classes = classes_of(options, prompts);
  const OpenedModel opened = open_model(options.settings.model);
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  LabelledImages images{.source = nullptr, .labels = {}, .classes = classes};
  for (const std::string& image : options.images) images.files.push_back(std::filesystem::absolute(image).string());
  images.source = std::make_unique<FileImages>(
      std::vector<std::filesystem::path>(options.images.begin(), options.images.end()), loader);
  if (!prompts || !learner_named(prompts->info.method).prompts_images) {
    const auto cache =
        open_feature_cache(options.feature_cache, [](const std::string& line) { std::cerr << line << "\n"; });
    images.source = std::make_unique<FeatureImages>(evaluation_features(opened, images, cache));
  }
  const auto logits_of = [&](auto&& backbone) { return predict_logits(backbone, *images.source, 16); };
  const Tensor logits = prompts ? logits_of(restored_learner(opened, *prompts, classes))
                                : logits_of(make_zero_shot(opened, classes, options.settings.learner));
  const auto [values, ids] = at::topk(at::softmax(logits, 1), std::min(options.top, classes.size()), 1);
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t i = 0; i < options.images.size(); ++i) {
    nlohmann::json best = nlohmann::json::array();
    for (std::int64_t rank = 0; rank < values.size(1); ++rank) {
      const auto row = static_cast<std::int64_t>(i);
      const auto id = static_cast<std::size_t>(ids[row][rank].item<std::int64_t>());
      best.push_back({{"class", classes.names[id]}, {"probability", values[row][rank].item<double>()}});
    }
    all.push_back({{"image", options.images[i]}, {"top", best}});
  }
  if (options.json) {
    std::cout << all.dump(2) << "\n";
    return 0;
  }
  for (const auto& image : all) {
    std::cout << image.at("image").get<std::string>() << "\n" << std::fixed << std::setprecision(1);
    for (const auto& guess : image.at("top")) {
      std::cout << std::setw(7) << 100 * guess.at("probability").get<double>() << " %  "
                << guess.at("class").get<std::string>() << "\n";
    }
  }
  return 0;
}

}  // namespace

void add_predict(CLI::App& app, int& status) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = app.add_subcommand("predict", "classify images with learned prompts, or by class names alone");
  command->add_option("images", options->images, "image files (JPEG, PNG)")->required();
  command->add_option("--prompts", options->prompts, "a *.prompts.safetensors file of a run");
  command->add_option("--classes", options->classes, "class names (default: those the prompts were tuned on)");
  command->add_option("--classes-file", options->classes_file, "text file, one class name a line");
  add_model_options(*command, options->settings.model);
  command->add_option("--template", options->settings.learner.zero_shot_template, "sentence of the untuned model")
      ->capture_default_str();
  command->add_option("--top", options->top, "how many classes to print")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_feature_cache_option(*command, options->feature_cache);
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace mao_program
