// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned prompts back on the model they were tuned on.

#include <map>
#include <string>
#include <utility>

#include <mao/data/class_key.hpp>
#include <mao/tuner/prompts_file.hpp>

#include "methods/method.hpp"
#include "runs/former_names.hpp"
#include "runs/prompts_files.hpp"
#include "tune/joined_prompts.hpp"

namespace mao_program {

/// `load_prompts`. **Throws** as it and `expect_prompts_file`.
inline Prompts open_prompts(const std::string& path) {
  expect_prompts_file(path);
  return load_prompts(path);
}

/// The settings that a prompts file was made with.
inline RunSettings settings_of(const Prompts& prompts) {
  return with_current_names(prompts.info.settings).get<RunSettings>();
}

/// Takes model and method from the prompts file, but leaves paths that the command line gives, and the model where
/// it is `named` there.
inline void take_model_of(const Prompts& prompts, RunSettings& settings, bool named) {
  const RunSettings saved = settings_of(prompts);
  const auto keep = [](std::string& value, const std::string& from_file) {
    if (value.empty()) value = from_file;
  };
  if (!named) settings.model.model = saved.model.model;
  keep(settings.model.weights, saved.model.weights);
  keep(settings.model.minilm, saved.model.minilm);
  keep(settings.model.vocab, saved.model.vocab);
  if (settings.model.activation == "auto") settings.model.activation = saved.model.activation;
  if (settings.model.heads.empty()) settings.model.heads = saved.model.heads;
  if (settings.model.mean.empty()) settings.model.mean = saved.model.mean;
  if (settings.model.deviation.empty()) settings.model.deviation = saved.model.deviation;
  settings.method = saved.method;
}

/// Names that are the same in a prompt as one of the prompts' classes, as red_car and "red car", in their spelling.
inline ClassList spelled_as_in(const Prompts& prompts, ClassList classes) {
  if (classes.same_names == SameNames::accept) return classes;  // each is itself
  std::map<std::string, std::string> known;                     // by what a prompt makes of the name
  for (const ClassList* list : {&prompts.info.classes, &prompts.info.first_classes}) {
    for (const std::string& name : list->names) known.try_emplace(prompt_key(name), name);
  }
  for (std::string& name : classes.names) {
    const auto found = known.find(prompt_key(name));
    if (found != known.end()) name = found->second;
  }
  return classes;
}

/// The method as it was saved, bound to `classes`.
///
/// **Throws** `OptionError` when the model is another one, or class-specific prompts meet other classes.
inline AnyBackbone restored_backbone(const OpenedModel& opened, const Prompts& prompts, const ClassList& classes) {
  if (is_joined(prompts)) return joined_backbone(opened, prompts, classes);
  try {
    AnyBackbone backbone = make_backbone(opened, prompts.info.first_classes, settings_of(prompts).method, 1);
    restore_backbone(backbone, prompts, opened.model->fingerprint());
    backbone.bind(classes);
    return backbone;
  } catch (const OptionError& error) {
    if (prompts.info.model == opened.model->fingerprint()) throw;
    throw OptionError(text_of(error.what(), " (--model ", settings_of(prompts).model.model,
                              ", which is used when --model is left out)"));
  }
}

/// Which classes prompts answer among, such as "20 classes, the new half of the run's classes". `classes`: those that
/// they are bound to.
inline std::string description_of_classes(const Prompts& prompts, const ClassList& classes) {
  const auto count = text_of(classes.size(), classes.size() == 1 ? " class" : " classes");
  if (classes.names != prompts.info.classes.names) return count + ", the ones given";
  if (is_joined(prompts)) {
    std::string groups;
    for (const PromptGroup& group : joined_of(prompts).groups) {
      groups += text_of(groups.empty() ? "" : ", ", group.prompts.info.classes.size(), " ", group.name);
    }
    return text_of(count, ", all of these prompts: ", groups);
  }
  if (classes.names != prompts.info.first_classes.names) return count + ", the new half of the run's classes";
  const bool half = settings_of(prompts).has_new_classes();
  return count + (half ? ", the base half of the run's classes" : ", the ones that the prompts were tuned on");
}

}  // namespace mao_program
