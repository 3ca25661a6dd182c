// SPDX-License-Identifier: Apache-2.0
// mao convert: learned prompts to and from the checkpoints of the reference implementations (model.pth.tar-N).
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>

#include <CLI/CLI.hpp>

#include <mao/tuner/reference_checkpoint.hpp>

#include "commands.hpp"
#include "commands/convert.hpp"
#include "data/class_names.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "output_file.hpp"
#include "tune/idle_options.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

struct ConvertOptions {
  std::string from, to;
  int epoch = 0;
  RunSettings settings;
  std::vector<std::string> classes;
  std::string classes_file;
};

const std::string& reference_of(const MethodInfo& info) {
  require<OptionError>(!info.reference.empty(), info.name, " has no reference implementation with such checkpoints");
  return info.reference;
}

/// Parameters, and the statistics that the reference keeps with them.
ParameterList what_is_saved(AnyBackbone& backbone) {
  ParameterList all = backbone.parameters();
  for (const auto& [name, value] : backbone.buffers()) {
    if (name.find(".running_") != std::string::npos || name.ends_with("num_batches_tracked"))
      all.push_back({name, value});
  }
  return all;
}

/// Whether a checkpoint holds no tensor but these; the reference's own has buffers of CLIP and its classes too.
bool holds_only(const fs::path& file, const ParameterList& saved, const std::string& reference) {
  const std::string prefix = reference_layout(reference).prefix;
  try {
    return std::ranges::all_of(load_reference_checkpoint(file).state, [&](const auto& tensor) {
      return std::ranges::any_of(saved, [&](const Parameter& one) { return one.name == prefix + tensor.first; });
    });
  } catch (const Error&) {  // another file, or a damaged one
    return false;
  }
}

/// **Throws** `OptionError` unless there are as many names as the reference's prompt backbone had classes, where its
/// checkpoint tells: `token_prefix` [C, 1, W] is the start token once for each.
void check_class_count(const ClassList& classes, const fs::path& file) {
  for (const auto& [name, value] : load_reference_checkpoint(file).state) {
    if (name.substr(name.rfind('.') + 1) != "token_prefix" || value.dim() != 3) continue;
    require<OptionError>(value.size(0) == classes.size(), classes.size(), " class names for ", file.string(),
                         ", which was trained on ", value.size(0), " (its ", name, " is ", shape_text(value.sizes()),
                         "); give the names of its classes, in label order");
  }
}

/// **Throws** `OptionError` where each class has a context of its own and the reference's prompt backbone had other
/// names, or another order: `token_suffix` [C, L, W] holds the embedded name, full stop and end of each class.
void check_class_order(const OpenedModel& opened, const ClassList& classes, AnyBackbone& backbone,
                       const fs::path& file) {
  const ParameterList parameters = backbone.parameters();
  const bool own_contexts = std::ranges::any_of(parameters, [](const Parameter& parameter) {
    return parameter.name.ends_with("ctx") && parameter.value.dim() == 3;
  });
  for (const auto& [name, value] : load_reference_checkpoint(file).state) {
    if (!own_contexts || !name.ends_with("token_suffix") || value.dim() != 3) continue;
    for (std::int64_t label = 0; label < std::min(classes.size(), value.size(0)); ++label) {
      std::string text = classes.names[static_cast<std::size_t>(label)] + ".";
      std::ranges::replace(text, '_', ' ');
      const Tensor expected = opened.model->embed(at::tensor(opened.model->tokenize(text)).to(opened.device)).cpu();
      const Tensor there = value.select(0, label).to(at::kFloat).slice(0, 0, expected.size(0));
      const bool same = there.sizes() == expected.sizes() && at::allclose(there, expected.to(at::kFloat), 1e-2, 1e-3);
      require<OptionError>(same, file.string(), " has a context for each class, and in its ", name, " class ", label,
                           " is not '", classes.names[static_cast<std::size_t>(label)],
                           "'; give the names of its classes, in label order, and the model that it was trained on");
    }
  }
}

int from_reference(ConvertOptions options) {
  require<FileError>(fs::exists(options.from), "there is no file ", options.from,
                     "; expected *.prompts.safetensors of a run, or a reference's model.pth.tar-N");
  const ClassList classes = given_class_names(options.classes, options.classes_file);
  require<OptionError>(!classes.names.empty(),
                       "which classes was it trained on? give --classes A B C or --classes-file FILE, in label order");
  expect_prompts_output(options.to, {options.from, options.settings.model.model});
  check_class_count(classes, options.from);
  const MethodSettings& method = options.settings.method;
  refuse_idle_options(GivenOptions::of_method(method), {facts_of(options.settings)});
  const MethodInfo& info = method_named(options.settings.method.name);
  const OpenedModel opened = open_model(options.settings.model);
  AnyBackbone backbone = make_backbone(opened, classes, options.settings.method, 1);
  check_class_order(opened, classes, backbone, options.from);
  options.settings.data.classes = "all";  // which half of a data set they may be is not in the checkpoint
  const int epoch = restore_from_reference(what_is_saved(backbone), options.from, reference_of(info));
  const std::string over = over_earlier(options.to);
  save_backbone(
      options.to, backbone,
      {.method = info.name, .model = opened.model->fingerprint(), .classes = classes, .settings = options.settings});
  std::cout << "wrote " << options.to << over << " (" << info.name << ", epoch " << epoch << ")\n";
  return 0;
}

}  // namespace

fs::path write_reference(const fs::path& from, const fs::path& folder, int epoch, RunSettings settings,
                         bool named_model) {
  const Prompts prompts = load_prompts(from);
  require<OptionError>(
      !is_joined(prompts), from.string(),
      " holds the prompts of several groups of classes, and a "
      "reference's checkpoint can have only one; use plain, base or new.prompts.safetensors beside it");
  take_model_of(prompts, settings, named_model);
  const OpenedModel opened = open_model(settings.model);
  const std::string& reference = reference_of(method_named(prompts.info.method));
  AnyBackbone backbone = restored_backbone(opened, prompts, prompts.info.classes);
  const MethodSettings trained = settings_of(prompts).method;
  if (epoch == 0) epoch = trained.epochs > 0 ? trained.epochs : trained.mao ? 10 : 20;
  const fs::path file = reference_file(folder, reference, epoch);
  const ParameterList saved = what_is_saved(backbone);
  expect_replaceable(file.string(), "a checkpoint that mao wrote",
                     [&](const fs::path& there) { return holds_only(there, saved, reference); });
  fs::create_directories(file.parent_path());
  export_parameters(saved, reference, epoch, file);
  return file;
}

void add_convert(CLI::App& app, int& status) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command =
      add_command(app, "convert", "convert prompts to and from reference checkpoints (model.pth.tar-N)");
  command->add_option("from", options->from, "*.prompts.safetensors, or a reference's model.pth.tar-N")
      ->type_name("FILE")
      ->required();
  command->add_option("to", options->to, "folder for the reference's layout, or a *.safetensors file")
      ->type_name("DIR|FILE")
      ->required();
  command
      ->add_option("--epoch", options->epoch, "to a reference: the N of model.pth.tar-N (default: the epochs trained)")
      ->check(zero_or_above());
  add_model_options(*command, options->settings.model);
  add_method_options(*command, options->settings.method);
  command->add_option("--classes", options->classes, "from a reference: class names in label order")->type_name("NAME");
  command->add_option("--classes-file", options->classes_file, "text file, one class name per line")->type_name("FILE");
  command->callback([options, command, &status] {
    if (fs::path(options->from).extension() != ".safetensors") {
      refuse_options(*command, {"--epoch"}, "a reference's checkpoint contains the number of its epochs");
      refuse_idle_model_options(*command, options->settings.model);
      status = from_reference(*options);
      return;
    }
    refuse_options(*command, {"--method", "--set", "--classes", "--classes-file"},
                   options->from + " contains method, settings and classes");
    const fs::path file =
        write_reference(options->from, options->to, options->epoch, options->settings, names_model(*command));
    std::cout << "wrote " << file.string() << "\n";
  });
}

}  // namespace mao_program
