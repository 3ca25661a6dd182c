// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

namespace mao_program {

void add_model_options(CLI::App& app, ModelSettings& settings) {
  app.add_option("--model", settings.model, "embedded, mobilenet-minilm, or a CLIP checkpoint (file or folder)")
      ->capture_default_str();
  app.add_option("--weights", settings.weights,
                 "folder with the weights of mobilenet-minilm or of another embedded model");
  app.add_option("--minilm", settings.minilm, "folder of all-MiniLM-L6-v2 (default: the installed Python package)");
  app.add_option("--vocab", settings.vocab,
                 "CLIP's BPE vocabulary (default: beside the checkpoint or the installed package)");
  app.add_option("--activation", settings.activation, "auto, quick_gelu or gelu")
      ->check(CLI::IsMember({"auto", "quick_gelu", "gelu"}))
      ->capture_default_str();
}

void add_data_options(CLI::App& app, DataSettings& settings) {
  app.add_option(
         "--data", settings.data,
         "a folder of images, a CoOp data set folder, a split JSON or a CSV; or sketch, shifted, disjoint (rendered)")
      ->capture_default_str();
  app.add_option("--shots", settings.shots, "training images a class")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--shot-seed", settings.shot_seed, "seed of the few-shot draw (0: the training seed)")
      ->capture_default_str();
  app.add_option("--augment", settings.augment, "auto, none or crop-flip")
      ->check(CLI::IsMember({"auto", "none", "crop-flip"}))
      ->capture_default_str();
  app.add_option("--classnames", settings.classnames, "file that maps folder names to readable class names");
}

void add_learner_options(CLI::App& app, LearnerSettings& settings) {
  const auto one_of = [](std::vector<std::string> values) { return CLI::IsMember(std::move(values)); };
  app.add_option("--learner", settings.learner, "coop or zero-shot")
      ->check(one_of({"coop", "zero-shot"}))
      ->capture_default_str();
  app.add_flag("--mao", settings.mao, "MAO's two steps instead of the plain method");
  app.add_option("--context-init", settings.context_init, "words the context starts from; \"\" for a random start")
      ->capture_default_str();
  app.add_option("--context", settings.context, "context vectors, with a random start")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--class-specific", settings.class_specific,
               "one context a class (random start; such prompts do not transfer)");
  app.add_option("--class-position", settings.class_position, "end, middle or front")
      ->check(one_of({"end", "middle", "front"}))
      ->capture_default_str();
  app.add_option("--template", settings.zero_shot_template, "sentence of the untuned model and of its pseudo labels")
      ->capture_default_str();
  app.add_option("--epochs", settings.epochs, "0: 20, or 10 for MAO's base step")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--lr", settings.lr, "0: 0.002, or 0.0035 for MAO's base step")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--batch", settings.batch, "0: 32; MAO: b by the number of classes")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--k", settings.k, "MAO: classes a sample brings, itself included (0: by the number of classes)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--new-epochs", settings.new_epochs, "MAO's new step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--new-lr", settings.new_lr, "MAO's new step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--new-batch", settings.new_batch, "MAO's new step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--similarity", settings.similarity, "who ranks hard negatives: auto, minilm, clip, or a file")
      ->capture_default_str();
  app.add_option("--labeler", settings.labeler, "who labels new images: zero-shot, tuned, or none (base step alone)")
      ->check(one_of({"zero-shot", "tuned", "none"}))
      ->capture_default_str();
  app.add_option("--threshold", settings.threshold, "pseudo labels below this confidence do not train")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--columns", settings.columns, "reg-B: distinct classes (paper) or per-image (released code)")
      ->check(one_of({"distinct", "per-image"}))
      ->capture_default_str();
}

}  // namespace mao_program
