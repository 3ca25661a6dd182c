// SPDX-License-Identifier: Apache-2.0
// mao export: learned prompts as class weights that any CLIP pipeline can use, or as a reference's checkpoint.
#include <CLI/CLI.hpp>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include <ATen/ops/scalar_tensor.h>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/prompts/phrase.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "commands/class_weights.hpp"
#include "commands/convert.hpp"
#include "commands/export_joined.hpp"
#include "data/class_names.hpp"
#include "interrupt.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "output_file.hpp"
#include "tune/idle_options.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  std::string prompts, out;
  RunSettings settings;
  std::vector<std::string> classes;
  std::string classes_file;
  bool reference = false;
  int epoch = 0;
};

std::optional<ClassList> given_classes(const ExportOptions& options) {
  if (!options.classes_file.empty() || !options.classes.empty()) {
    return given_class_names(options.classes, options.classes_file);
  }
  return std::nullopt;
}

void write_weights(const ExportOptions& options, const ClassWeights& weights, const ClassList& classes,
                   const std::string& method, const std::string& model) {
  expect_one_line_each(classes);
  const std::string over = over_earlier(options.out);
  write_safetensors(
      options.out, {{"weight", weights.weight}, {"logit_scale", at::scalar_tensor(weights.logit_scale).to(at::kFloat)}},
      {{"format", "mao-class-weights"},
       {"method", method},
       {"model", model},
       {"classes", nlohmann::json(classes.names).dump()},
       {"use", "softmax(logit_scale * normalize(encode_image(x)) @ weight.T)"}});
  const fs::path names = fs::path(options.out).replace_extension(".classes.txt");
  write_file_atomically(names, [&](std::ostream& out) {
    for (const std::string& name : classes.names) out << name << "\n";
  });
  std::cout << "wrote " << options.out << over << ": weight [" << weights.weight.size(0) << ", "
            << weights.weight.size(1) << "], one row of unit norm per class, and logit_scale " << weights.logit_scale
            << "\nwrote " << names.string() << ": the names of the classes, in the order of the rows\n"
            << "to classify: softmax(logit_scale * features @ weight.T), with image features of unit norm\n";
}

int run(ExportOptions options, const CLI::App& command) {
  if (!options.prompts.empty()) {
    refuse_options(command, {"--template"}, "the prompts of " + options.prompts + " replace it");
  }
  if (options.reference) {
    require<OptionError>(!options.prompts.empty(), "--reference needs the prompts to export");
    refuse_options(command, {"--classes", "--classes-file"},
                   "a reference's checkpoint has the classes of its training");
    const fs::path file =
        write_reference(options.prompts, options.out, options.epoch, options.settings, names_model(command));
    std::cout << "wrote " << file.string() << "\n";
    return 0;
  }
  expect_weights_output(options.out, {options.prompts, options.classes_file, options.settings.model.model});
  require<OptionError>(options.epoch == 0, "--epoch is the N of --reference's model.pth.tar-N; add --reference");
  const std::optional<ClassList> given = given_classes(options);
  if (options.prompts.empty()) {
    require<OptionError>(given.has_value(),
                         "which classes? give --prompts FILE, or --classes A B C or --classes-file "
                         "FILE for those of the untuned model");
    refuse_idle_model_options(command, options.settings.model);
    const OpenedModel opened = open_model(options.settings.model);
    auto untuned = make_zero_shot(opened, *given, options.settings.method);
    write_weights(options, weights_of(untuned, opened, "zero-shot"), *given, "zero-shot", opened.model->fingerprint());
    return 0;
  }
  const Prompts prompts = open_prompts(options.prompts);
  take_model_of(prompts, options.settings, names_model(command));
  refuse_idle_model_options(command, options.settings.model);
  const OpenedModel opened = open_model(options.settings.model);
  if (is_joined(prompts)) {
    refuse_options(command, {"--classes", "--classes-file"},
                   "the groups of " + options.prompts + " have their classes");
    export_joined(options.out, prompts, opened);
    return 0;
  }
  const ClassList classes = given.value_or(prompts.info.classes);
  AnyBackbone backbone = restored_backbone(opened, prompts, classes);
  const std::string& method = prompts.info.method;
  write_weights(options, weights_of(backbone, opened, method), classes, method, opened.model->fingerprint());
  return 0;
}

}  // namespace

void add_export(CLI::App& app, int& status) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command =
      add_command(app, "export", "write class weights for any CLIP pipeline, or a checkpoint for the reference code");
  command
      ->add_option("out", options->out,
                   "the *.safetensors file to write, or with --reference a folder; it replaces an earlier file of mao "
                   "export and no other file")
      ->type_name("FILE|DIR")
      ->required();
  command
      ->add_option("--prompts", options->prompts, "a *.prompts.safetensors file of a run (default: the untuned model)")
      ->type_name("FILE");
  command->add_option("--classes", options->classes, "class names (default: those in the prompts file)")
      ->type_name("NAME");
  command->add_option("--classes-file", options->classes_file, "text file, one class name per line")->type_name("FILE");
  command->add_flag("--reference", options->reference,
                    "write NAME/model.pth.tar-N into the folder, for the method's own code to load");
  command->add_option("--epoch", options->epoch, "with --reference: the N (default: the epochs trained)")
      ->check(zero_or_above());
  add_model_options(*command, options->settings.model);
  default_to_saved_model(*command);
  add_template_option(*command, options->settings.method);
  command->callback([options, command, &status] {
    stop_on_signals();
    status = run(*options, *command);
  });
}

}  // namespace mao_program
