// SPDX-License-Identifier: Apache-2.0
/// \file
/// train-embedded: pre-trains the embedded model from nothing, or measures one.
///
///     train-embedded --out FOLDER [--steps N] [--seed N] [--threads N] [--fp32]
///     train-embedded --evaluate FOLDER
///
/// A run that was stopped continues from FOLDER/checkpoint.safetensors when started again with the same arguments.

#include <cstdint>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/Parallel.h>
#include <nlohmann/json.hpp>

#include <mao/data/preprocess.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/text/bpe.hpp>

#include "bpe_training.hpp"
#include "pre_training.hpp"
#include "zero_shot.hpp"

namespace {

using namespace mao;
using namespace mao::embedded;

struct Arguments {
  std::filesystem::path out;
  std::filesystem::path evaluate;
  PreTrainingOptions training;
  ModelSizes sizes;
  int threads = 2;
};

Arguments parse(const std::vector<std::string>& words) {
  Arguments result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& option = words[i];
    if (option == "--fp32") {
      result.training.precision = at::kFloat;
      continue;
    }
    require<OptionError>(i + 1 < words.size(), "option ", option, " needs a value");
    const std::string& value = words[++i];
    if (option == "--out")
      result.out = value;
    else if (option == "--evaluate")
      result.evaluate = value;
    else if (option == "--steps")
      result.training.steps = std::stoll(value);
    else if (option == "--stop-at")
      result.training.stop_at = std::stoll(value);
    else if (option == "--seed")
      result.training.seed = std::stoull(value);
    else if (option == "--threads")
      result.threads = std::stoi(value);
    else if (option == "--batch")
      result.training.batch = std::stoll(value);
    else if (option == "--lr")
      result.training.learning_rate = std::stod(value);
    else if (option == "--save-every")
      result.training.save_every = std::stoll(value);
    else
      throw OptionError(text_of("unknown option ", option,
                                "; expected --out, --evaluate, --steps, --stop-at, --seed, --threads, --batch, ",
                                "--lr, --save-every or --fp32"));
  }
  require<OptionError>(result.out.empty() != result.evaluate.empty(),
                       "pass either --out FOLDER to train or --evaluate FOLDER to measure");
  return result;
}

TensorMap halved(const TensorMap& weights) {
  TensorMap result;
  for (const auto& [name, value] : weights) result[name] = value.to(at::kHalf);
  return result;
}

TensorMap as_float(const TensorMap& weights) {
  TensorMap result;
  for (const auto& [name, value] : weights) result[name] = value.to(at::kFloat);
  return result;
}

void write_config(const Arguments& arguments, const PreTraining& run) {
  const Preprocess preprocess;
  const nlohmann::json config = {{"model", "mao embedded CLIP"},
                                 {"activation", "quick_gelu"},
                                 {"image_size", arguments.sizes.image_side},
                                 {"mean", preprocess.mean},
                                 {"std", preprocess.deviation},
                                 {"context_length", arguments.sizes.context},
                                 {"pre_training",
                                  {{"program", "tools/embedded/train.cpp"},
                                   {"seed", arguments.training.seed},
                                   {"steps", run.step()},
                                   {"planned_steps", arguments.training.steps},
                                   {"batch", arguments.training.batch},
                                   {"seconds", static_cast<std::int64_t>(run.seconds())},
                                   {"threads", arguments.threads},
                                   {"precision", arguments.training.precision == at::kFloat ? "fp32" : "bf16"}}}};
  write_file_atomically(arguments.out / "config.json", [&](std::ostream& out) { out << config.dump(2) << '\n'; });
}

/// Zero-shot in plain photos among 120 classes and 20, seen in training and not.
void report_photos(const TensorMap& weights, const ModelSizes& sizes, const ClipTokenizer& tokenizer,
                   std::int64_t per_class) {
  std::cout << "zero-shot, plain photos:";
  for (const std::size_t classes : {120, 20}) {
    std::cout << "  " << classes << " classes seen "
              << zero_shot(weights, sizes, tokenizer, photos(seen_combinations(), classes, per_class)) << " held out "
              << zero_shot(weights, sizes, tokenizer, photos(held_out_combinations(), classes, per_class));
  }
  std::cout << std::endl;
}

void evaluate(const Arguments& arguments) {
  const ClipTokenizer tokenizer = ClipTokenizer::load(arguments.evaluate / "merges.txt");
  const TensorMap weights = as_float(read_safetensors(arguments.evaluate / "model.safetensors").tensors);
  report_photos(weights, arguments.sizes, tokenizer, 40);
  for (const Task& each : tasks()) {
    std::cout << std::left << std::setw(9) << each.name << " zero-shot Base "
              << zero_shot(weights, arguments.sizes, tokenizer, pictures(each, Half::Base, Split::Test)) << "  New "
              << zero_shot(weights, arguments.sizes, tokenizer, pictures(each, Half::New, Split::Test)) << "  ("
              << each.base_classes.size() << " + " << each.new_classes.size() << " classes)\n";
  }
  std::cout << "shifted by strength:";
  for (const float strength : {0.0F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F}) {
    Task shifted = task("shifted");
    shifted.style = shifted_style(strength);
    std::cout << "  " << strength << ": "
              << zero_shot(weights, arguments.sizes, tokenizer, pictures(shifted, Half::Base, Split::Test)) << "/"
              << zero_shot(weights, arguments.sizes, tokenizer, pictures(shifted, Half::New, Split::Test))
              << std::flush;
  }
  std::cout << '\n';
}

void train(Arguments arguments) {
  std::filesystem::create_directories(arguments.out);
  const MergeList merges = learned_merges(caption_sample(20000, Rng(world_seed)["vocabulary"]), 1000);
  write_merges(merges, arguments.out / "merges.txt");
  const ClipTokenizer tokenizer(merges);
  arguments.sizes.vocabulary = tokenizer.size();
  arguments.training.folder = arguments.out;
  PreTraining run(arguments.training, arguments.sizes);
  run.resume();
  std::cout << "vocabulary " << tokenizer.size() << ", starting at step " << run.step() << std::endl;
  run.run(tokenizer, [&](std::int64_t) {
    write_safetensors(arguments.out / "model.safetensors", halved(run.model()), {{"format", "pt"}});
    write_config(arguments, run);
    report_photos(run.model(), arguments.sizes, tokenizer, 5);
  });
}

}  // namespace

int main(int count, char** values) try {
  const Arguments arguments = parse({values + 1, values + count});
  at::set_num_threads(arguments.threads);
  std::cout << std::fixed << std::setprecision(2);
  arguments.evaluate.empty() ? train(arguments) : evaluate(arguments);
} catch (const std::exception& failure) {
  std::cerr << "train-embedded: " << failure.what() << '\n';
  return 1;
}
