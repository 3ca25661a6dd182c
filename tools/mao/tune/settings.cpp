// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "help_format.hpp"
#include "known_values.hpp"
#include "methods/registry.hpp"
#include "models/product_speed.hpp"
#include "numbers.hpp"
#include "tune/known_names.hpp"
#include "tune/optimizers.hpp"
#include "tune/settings.hpp"

#include <mao/core/detail/ops.hpp>

namespace mao_program {

void default_to_saved_model(CLI::App& command) {
  command.get_option("--model")->default_str("that of the prompts, otherwise embedded");
}

bool names_model(const CLI::App& command) { return command.get_option("--model")->count() > 0; }

void add_model_options(CLI::App& app, ModelSettings& settings) {
  const HelpSection section(app, "Model");
  std::string models;
  for (const std::string& name : model_names()) models += name + ", ";
  app.add_option("--model", settings.model,
                 models + "or a CLIP or SigLIP checkpoint (file or folder; see `mao models`)")
      ->type_name("NAME|PATH")
      ->check(known_values_or_path(model_names()))
      ->capture_default_str();
  app.add_option("--weights", settings.weights,
                 "folder with the weights of mobilenet-minilm or of another embedded model")
      ->type_name("DIR");
  app.add_option("--minilm", settings.minilm, "folder of all-MiniLM-L6-v2 (default: the installed Python package)")
      ->type_name("DIR");
  app.add_option("--vocab", settings.vocab,
                 "CLIP's BPE vocabulary (default: beside the checkpoint or the installed package), or the tokenizer "
                 "of a SigLIP or of a BERT (default: beside the checkpoint)")
      ->type_name("FILE");
  app.add_option("--activation", settings.activation,
                 "auto (from the checkpoint or the configuration beside it), quick_gelu or gelu")
      ->check(CLI::IsMember({"auto", "quick_gelu", "gelu"}))
      ->capture_default_str();
  app.add_option("--heads", settings.heads,
                 "IMAGE,TEXT: attention heads of the two towers, such as 12,8 (default: from the checkpoint, the "
                 "configuration beside it, or the published models of its widths)")
      ->expected(2)
      ->delimiter(',')
      ->check(above_zero());
  app.add_option("--mean", settings.mean,
                 "R G B: mean of the pixels, 0 to 1 (default: from the file beside the checkpoint, otherwise CLIP's)")
      ->expected(3);
  app.add_option("--std", settings.deviation, "R G B: standard deviation of the pixels, like --mean")->expected(3);
  app.add_option(
         "--precision", settings.precision,
         "precision of the frozen towers: fp32, equal to the reference; bf16, several times faster if the CPU has "
         "instructions for it; auto, the faster one on this CPU")
      ->check(CLI::IsMember({"fp32", "bf16", "auto"}))
      ->transform([](const std::string& name) { return name == "auto" ? to_string(product_speed().faster()) : name; })
      ->capture_default_str();
  app.add_option("--device", settings.device, "device of the model: cpu, cuda or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str();
  app.add_flag("--cuda-graphs", settings.cuda_graphs,
               "with --device cuda: record the text tower's passes as CUDA graphs and replay them");
}

void add_data_options(CLI::App& app, DataSettings& settings) {
  const HelpSection section(app, "Data");
  app.add_option("--data", settings.data,
                 "the images: sketch, shifted or disjoint (rendered, they come with mao), a name that `mao datasets` "
                 "lists, a folder of images, a CoOp data set folder, a split JSON or a CSV")
      ->type_name("NAME|PATH")
      ->check(known_values_or_path(data_names()))
      ->required();
  app.add_option("--shots", settings.shots, "training images per class")->check(above_zero())->capture_default_str();
  app.add_option("--class-split", settings.classes,
                 "base-new: train on the first half of the classes, the other half is new; all: train and test on all")
      ->check(CLI::IsMember({"base-new", "all"}))
      ->capture_default_str();
  add_image_options(app, settings);
}

void add_image_options(CLI::App& app, DataSettings& settings) {
  const HelpSection section(app, "Data");
  app.add_option("--shot-seed", settings.shot_seed,
                 "seed of the few-shot draw (default, also for 0: the training seed)")
      ->check(zero_or_above());
  app.add_option("--augment", settings.augment,
                 "augmentation of training images; auto: crop-flip with a checkpoint and image files, otherwise none")
      ->check(CLI::IsMember({"auto", "none", "crop-flip"}))
      ->capture_default_str();
  app.add_option("--views", settings.views,
                 "augmented views of each training image, encoded once and used repeatedly; 0: a new view every "
                 "time. Faster, but another distribution of views than the reference's")
      ->check(zero_or_above())
      ->capture_default_str();
  add_root_options(app, settings);
  app.add_option(
         "--shots-file", settings.shots_file,
         "a few-shot draw saved by CoOp, instead of a new one: a file name in which {seed} and {shots} "
         "are replaced by the seed and --shots; or \"saved\" for split_fewshot/shot_{shots}-seed_{seed}.pkl of the "
         "data set")
      ->type_name("FILE|saved");
}

void add_root_options(CLI::App& app, DataSettings& settings) {
  const HelpSection section(app, "Data");
  app.add_option("--root", settings.root, "folder that contains the named data sets (default: MAO_DATA)")
      ->type_name("DIR");
  app.add_option("--classnames", settings.classnames,
                 "file with readable names for folders, or for the classes of a split JSON or CSV")
      ->type_name("FILE");
}

namespace {

/// An option of the method, which two options of the command line may name.
void set_once(MethodSettings& settings, const std::string& name, const std::string& value) {
  const auto [at, is_new] = settings.options.emplace(name, value);
  require<OptionError>(is_new, "the method's option ", name,
                       " is given more than once, by --set or an option of its name (\"", at->second, "\" and \"",
                       value, "\"); expected once");
}

}  // namespace

void add_method_options(CLI::App& app, MethodSettings& settings) {
  const HelpSection section(app, "Method");
  auto* method = app.add_option("--method", settings.name,
                                "the method: zero-shot, coop, ...; `mao methods` describes "
                                "them")
                     ->type_name("NAME")
                     ->check(known_values(method_names()))
                     ->capture_default_str();
  app.add_option("--learner", settings.name, "former name of --method")
      ->group("")
      ->check([method](const std::string&) {  // `excludes` would show in the help of --method
        return method->count() == 0 ? std::string() : std::string("is the former name of --method; give one of them");
      });
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&settings](const std::vector<std::string>& pairs) {
           for (const std::string& pair : pairs) {
             const auto at = pair.find('=');
             require<OptionError>(at != std::string::npos && at > 0, "--set ", pair, ": expected NAME=VALUE");
             set_once(settings, pair.substr(0, at), pair.substr(at + 1));
           }
         },
         "an option of the method (`mao methods NAME` lists them); may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

void add_template_option(CLI::App& app, MethodSettings& settings) {
  const HelpSection section(app, "Method");
  app.add_option(
         "--template", settings.zero_shot_template,
         "sentence of the untuned model with {}, or a file of several, whose features are averaged; auto: that of "
         "a data set with a name, \"a photo of a {}.\" otherwise and for MAO's pseudo labels")
      ->type_name("TEXT|FILE")
      ->capture_default_str();
}

namespace {

void add_mao_options(CLI::App& app, MethodSettings& settings) {
  const HelpSection section(app, "MAO");
  app.add_flag("--mao", settings.mao, "train MAO's two stages instead of the plain method");
  app.add_option("--steps", settings.steps, "stages of MAO: both, base (only), or new (after the plain method)")
      ->check(CLI::IsMember({"both", "base", "new"}))
      ->capture_default_str();
  app.add_option(
         "--k", settings.k,
         "near classes per image, including its own (default, also for 0: 8 from 16 base classes on, otherwise 2)")
      ->check(zero_or_above());
  app.add_option("--new-epochs", settings.new_epochs, "epochs of MAO's new stage")
      ->check(above_zero())
      ->capture_default_str();
  app.add_option("--new-lr", settings.new_lr, "learning rate of MAO's new stage")
      ->check(above_zero())
      ->capture_default_str();
  app.add_option("--new-batch", settings.new_batch, "images per batch in MAO's new stage")
      ->check(above_zero())
      ->capture_default_str();
  app.add_option("--similarity", settings.similarity,
                 "what ranks hard negatives: minilm, clip (the model's own text tower), or a file; auto: clip for the "
                 "models that come with mao, otherwise minilm")
      ->type_name("auto|minilm|clip|FILE")
      ->capture_default_str();
  app.add_option("--labeler", settings.labeler,
                 "labeller of new images: zero-shot, tuned, or none (base stage only); beyond the paper: average, "
                 "agreement, soft, select, auto")
      ->check(CLI::IsMember(labeler_names()))
      ->capture_default_str();
  app.add_option("--threshold", settings.threshold, "pseudo labels below this confidence are not used")
      ->check(between(0, 1))
      ->capture_default_str();
  app.add_option("--columns", settings.columns, "reg-B: distinct classes (paper) or per-image (released code)")
      ->check(CLI::IsMember({"distinct", "per-image"}))
      ->capture_default_str();
}

/// Options of a program that adds such policies.
void add_own_policy_options(CLI::App& app, MethodSettings& settings) {
  if (sampler_names().size() > 1) {
    app.add_option("--sampler", settings.sampler,
                   "what draws the batches of the method, or of MAO's base stage: auto (shuffled; hard negatives), or "
                   "one that this program adds")
        ->check(CLI::IsMember(sampler_names()))
        ->capture_default_str();
  }
  app.add_option(
         "--regularizer", settings.regularizer,
         "the loss of every stage: auto (cross entropy; MAO's reg-B and reg-N), or sigmoid (SigLIP's, for models "
         "with a logit bias)")
      ->check(CLI::IsMember(regularizer_names()))
      ->capture_default_str();
}

}  // namespace

void add_training_options(CLI::App& app, MethodSettings& settings) {
  const HelpSection section(app, "Method");
  add_method_options(app, settings);
  const auto set = [&settings](const std::string& name) {
    return [&settings, name](const std::string& value) { set_once(settings, name, value); };
  };
  app.add_option_function<std::string>("--context-init", set("init"),
                                       "--set init=...: initial words of the context; \"\" for a random start");
  app.add_option_function<std::string>("--context", set("context"), "--set context=...: number of context vectors")
      ->type_name("N");
  app.add_flag_function(
      "--class-specific", [&settings](std::int64_t) { set_once(settings, "class-specific", "true"); },
      "--set class-specific=true: one context per class (random start; such prompts do not transfer)");
  app.add_option_function<std::string>("--class-position", set("class-position"),
                                       "--set class-position=...: end, middle or front")
      ->type_name("end|middle|front");
  std::vector<std::string> optimizers = optimizer_names();
  optimizers.insert(optimizers.begin(), "auto");
  app.add_option("--optimizer", settings.optimizer,
                 "auto (the method's own), sgd, adam, amsgrad, adamw, radam, rmsprop or sam (sgd with --sam-radius)")
      ->check(CLI::IsMember(optimizers))
      ->capture_default_str();
  app.add_option("--sam-radius", settings.sam_radius,
                 "SAM (sharpness-aware minimisation) with any optimiser: length of the ascent step; "
                 "each step costs two (default, also for 0: no SAM, or 0.05 with --optimizer sam)")
      ->check(zero_or_above());
  app.add_option("--adam-epsilon", settings.adam_epsilon, "epsilon of all optimisers except sgd")
      ->check(above_zero())
      ->capture_default_str();
  add_own_policy_options(app, settings);
  add_template_option(app, settings);
  app.add_option("--epochs", settings.epochs, "epochs (default, also for 0: 20, or 10 for MAO's base stage)")
      ->check(zero_or_above());
  app.add_option("--lr", settings.lr, "learning rate (default, also for 0: 0.002, or 0.0035 for MAO's base stage)")
      ->check(zero_or_above());
  app.add_option(
         "--batch", settings.batch,
         "images per batch (default, also for 0: 32; in MAO's base stage 4 from 32 base classes on, otherwise 2)")
      ->check(zero_or_above());
  add_mao_options(app, settings);
}

}  // namespace mao_program
