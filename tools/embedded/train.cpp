// SPDX-License-Identifier: Apache-2.0
/// \file
/// train-embedded: pre-trains an embedded model from nothing, the CLIP or with --siglip the SigLIP, or measures one.
///
///     train-embedded --out FOLDER [--siglip [--start CLIP]] [--steps N] [--seed N] [--threads N] [--fp32]
///     train-embedded --evaluate FOLDER [--siglip]
///
/// --start CLIP begins with the image tower of a trained CLIP. A run that was stopped continues from
/// FOLDER/checkpoint.safetensors when started again with the same arguments.

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/Parallel.h>
#include <nlohmann/json.hpp>

#include <mao/data/preprocess.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/weights.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/piece_tokenizer.hpp>

#include "bpe_training.hpp"
#include "clip_start.hpp"
#include "hugging_face_names.hpp"
#include "pre_training.hpp"
#include "siglip_files.hpp"
#include "trainable_clip.hpp"
#include "trainable_siglip.hpp"
#include "zero_shot.hpp"

namespace {

using namespace mao;
using namespace mao::embedded;

struct Arguments {
  std::filesystem::path out;
  std::filesystem::path evaluate;
  std::filesystem::path start;
  PreTrainingOptions training;
  ModelSizes sizes;
  bool siglip = false;
  int threads = 2;
};

/// The keys, separated by commas.
template <class Value>
std::string names(const std::map<std::string, Value>& options) {
  std::string text;
  for (const auto& [name, unused] : options) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments result;
  PreTrainingOptions& training = result.training;
  const std::map<std::string, std::function<void()>> flags{{"--siglip", [&] { result.siglip = true; }},
                                                           {"--fp32", [&] { training.precision = at::kFloat; }}};
  using Take = std::function<void(const std::string&)>;
  const std::map<std::string, Take> options{
      {"--out", [&](const std::string& value) { result.out = value; }},
      {"--evaluate", [&](const std::string& value) { result.evaluate = value; }},
      {"--start", [&](const std::string& value) { result.start = value; }},
      {"--steps", [&](const std::string& value) { training.steps = std::stoll(value); }},
      {"--stop-at", [&](const std::string& value) { training.stop_at = std::stoll(value); }},
      {"--seed", [&](const std::string& value) { training.seed = std::stoull(value); }},
      {"--threads", [&](const std::string& value) { result.threads = std::stoi(value); }},
      {"--batch", [&](const std::string& value) { training.batch = std::stoll(value); }},
      {"--lr", [&](const std::string& value) { training.learning_rate = std::stod(value); }},
      {"--save-every", [&](const std::string& value) { training.save_every = std::stoll(value); }}};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const auto flag = flags.find(words[i]); flag != flags.end()) {
      flag->second();
      continue;
    }
    const auto option = options.find(words[i]);
    require<OptionError>(option != options.end(), "unknown option ", words[i], "; expected ", names(options), " or ",
                         names(flags));
    require<OptionError>(i + 1 < words.size(), "option ", words[i], " needs a value");
    option->second(words[++i]);
  }
  require<OptionError>(result.siglip || result.start.empty(), "--start is for --siglip");
  require<OptionError>(result.out.empty() != result.evaluate.empty(),
                       "pass either --out FOLDER to train or --evaluate FOLDER to measure");
  return result;
}

TensorMap halved(const TensorMap& weights) {
  TensorMap result;
  for (const auto& [name, value] : weights) result[name] = value.to(at::kHalf);
  return result;
}

nlohmann::json pre_training_record(const Arguments& arguments, std::int64_t steps, double seconds) {
  return {{"program", "tools/embedded/train.cpp"},
          {"start", arguments.start.string()},
          {"seed", arguments.training.seed},
          {"steps", steps},
          {"planned_steps", arguments.training.steps},
          {"batch", arguments.training.batch},
          {"seconds", static_cast<std::int64_t>(seconds)},
          {"threads", arguments.threads},
          {"precision", arguments.training.precision == at::kFloat ? "fp32" : "bf16"}};
}

std::vector<std::string> vocabulary_sample() { return caption_sample(20000, Rng(world_seed)["vocabulary"]); }

/// The files of a CLIP: OpenAI's names.
struct ClipFiles {
  using Model = TrainableClip;

  static void write_vocabulary(const std::filesystem::path& folder) {
    write_merges(learned_merges(vocabulary_sample(), 1000), folder / "merges.txt");
  }
  static ClipTokenizer tokenizer(const std::filesystem::path& folder) {
    return ClipTokenizer::load(folder / "merges.txt");
  }
  static void write(const TensorMap& weights, const ModelSizes& sizes, const nlohmann::json& record,
                    const std::filesystem::path& folder) {
    write_safetensors(folder / "model.safetensors", halved(weights), {{"format", "pt"}});
    const Preprocess preprocess;
    write_json(folder / "config.json", {{"model", "mao embedded CLIP"},
                                        {"activation", "quick_gelu"},
                                        {"image_size", sizes.image_side},
                                        {"mean", preprocess.mean},
                                        {"std", preprocess.deviation},
                                        {"context_length", sizes.context},
                                        {"pre_training", record}});
  }
};

/// The files of a SigLIP: transformers' SiglipModel.
struct SiglipFiles {
  using Model = TrainableSiglip;

  static void write_vocabulary(const std::filesystem::path& folder) {
    write_piece_tokenizer(learned_merges(vocabulary_sample(), 1000, WordMark::Space), folder);
  }
  static PieceTokenizer tokenizer(const std::filesystem::path& folder) { return PieceTokenizer::load(folder); }
  static void write(const TensorMap& weights, const ModelSizes& sizes, const nlohmann::json& record,
                    const std::filesystem::path& folder) {
    write_safetensors(folder / "model.safetensors", halved(as_siglip_model(weights)), {{"format", "pt"}});
    write_siglip_config(sizes, folder);
    write_json(folder / "pre_training.json", record);
  }
};

/// Zero-shot in plain photos among 120 classes and 20, seen in training and not.
template <class Model, class Tokenizer>
void report_photos(const TensorMap& weights, const ModelSizes& sizes, const Tokenizer& tokenizer,
                   std::int64_t per_class) {
  const auto accuracy = [&](const std::vector<Combination>& from, std::size_t classes) {
    return zero_shot<Model>(weights, sizes, tokenizer, photos(from, classes, per_class));
  };
  std::cout << "zero-shot, plain photos:";
  for (const std::size_t classes : {120, 20}) {
    std::cout << "  " << classes << " classes seen " << accuracy(seen_combinations(), classes) << " held out "
              << accuracy(held_out_combinations(), classes);
  }
  std::cout << std::endl;
}

template <class Files>
void evaluate(Arguments arguments) {
  const auto tokenizer = Files::tokenizer(arguments.evaluate);
  arguments.sizes.vocabulary = tokenizer.size();
  const TensorMap weights = read_clip_weights(arguments.evaluate).tensors;
  const auto accuracy = [&](const Task& each, Half half) {
    return zero_shot<typename Files::Model>(weights, arguments.sizes, tokenizer, pictures(each, half, Split::Test));
  };
  report_photos<typename Files::Model>(weights, arguments.sizes, tokenizer, 40);
  for (const Task& each : tasks()) {
    std::cout << std::left << std::setw(9) << each.name << " zero-shot Base " << accuracy(each, Half::Base) << "  New "
              << accuracy(each, Half::New) << "  (" << each.base_classes.size() << " + " << each.new_classes.size()
              << " classes)\n";
  }
  std::cout << "shifted by strength:";
  for (const float strength : {0.0F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F}) {
    Task shifted = task("shifted");
    shifted.style = shifted_style(strength);
    std::cout << "  " << strength << ": " << accuracy(shifted, Half::Base) << "/" << accuracy(shifted, Half::New)
              << std::flush;
  }
  std::cout << '\n';
}

template <class Files>
void train(Arguments arguments) {
  std::filesystem::create_directories(arguments.out);
  Files::write_vocabulary(arguments.out);
  const auto tokenizer = Files::tokenizer(arguments.out);
  arguments.sizes.vocabulary = tokenizer.size();
  arguments.training.folder = arguments.out;
  PreTraining<typename Files::Model> run(arguments.training, arguments.sizes);
  if (!arguments.start.empty()) {
    const Tensor pictures = photos(seen_combinations(), 20, 4).pixels();
    run.start_from(image_start(read_clip_weights(arguments.start).tensors, pictures));
  }
  run.resume();
  std::cout << "vocabulary " << tokenizer.size() << ", starting at step " << run.step() << std::endl;
  run.run(tokenizer, [&](std::int64_t step) {
    Files::write(run.model(), arguments.sizes, pre_training_record(arguments, step, run.seconds()), arguments.out);
    report_photos<typename Files::Model>(run.model(), arguments.sizes, tokenizer, 5);
  });
}

template <class Files>
void run(const Arguments& arguments) {
  arguments.evaluate.empty() ? train<Files>(arguments) : evaluate<Files>(arguments);
}

}  // namespace

int main(int count, char** values) try {
  const Arguments arguments = parse({values + 1, values + count});
  at::set_num_threads(arguments.threads);
  std::cout << std::fixed << std::setprecision(2);
  arguments.siglip ? run<SiglipFiles>(arguments) : run<ClipFiles>(arguments);
} catch (const std::exception& failure) {
  std::cerr << "train-embedded: " << failure.what() << '\n';
  return 1;
}
