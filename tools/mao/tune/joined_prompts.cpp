// SPDX-License-Identifier: Apache-2.0
#include "tune/joined_prompts.hpp"

#include <utility>

#include <mao/io/safetensors.hpp>

#include <nlohmann/json.hpp>

#include "tune/tuned.hpp"

namespace mao_program {

namespace {

std::string prefix_of(std::size_t group) { return text_of("group", group, "."); }

ClassList class_list(const nlohmann::json& names) {
  return {names.get<std::vector<std::string>>(), SameNames::accept};  // the training that wrote them had checked
}

nlohmann::json as_json(const PromptGroup& group) {
  const PromptInfo& info = group.prompts.info;
  const ClassList& first = info.first_classes.names.empty() ? info.classes : info.first_classes;
  return {{"name", group.name},
          {"method", info.method},
          {"classes", info.classes.names},
          {"first_classes", first.names},
          {"settings", info.settings}};
}

PromptGroup group_of(const nlohmann::json& saved, const Prompts& file, const std::string& prefix) {
  PromptGroup group{.name = saved.at("name").get<std::string>(), .prompts = {}};
  group.prompts.info = {saved.at("method").get<std::string>(), file.info.model, class_list(saved.at("classes")),
                        saved.at("settings"), class_list(saved.at("first_classes"))};
  for (const auto& [name, value] : file.tensors) {
    if (name.starts_with(prefix)) group.prompts.tensors[name.substr(prefix.size())] = value;
  }
  return group;
}

}  // namespace

std::vector<ClassList> JoinedPrompts::classes() const {
  std::vector<ClassList> lists;
  for (const PromptGroup& group : groups) lists.push_back(group.prompts.info.classes);
  return lists;
}

void save_joined(const std::filesystem::path& path, const JoinedPrompts& joined, PromptInfo info) {
  ParameterList tensors;
  nlohmann::json groups = nlohmann::json::array();
  for (std::size_t g = 0; g < joined.groups.size(); ++g) {
    groups.push_back(as_json(joined.groups[g]));
    for (const auto& [name, value] : joined.groups[g].prompts.tensors) tensors.push_back({prefix_of(g) + name, value});
  }
  if (joined.gate.weight.defined()) {
    tensors.push_back({"gate.weight", joined.gate.weight});
    tensors.push_back({"gate.bias", joined.gate.bias});
  }
  info.classes = mao::detail::joined_list(joined.classes());
  info.first_classes = info.classes;
  info.settings["joined"] = {{"groups", std::move(groups)}, {"untuned_share", joined.gate.share}};
  save_prompts(path, tensors, info);
}

JoinedPrompts joined_of(const Prompts& prompts) {
  JoinedPrompts joined;
  try {
    const nlohmann::json& saved = prompts.info.settings.at("joined");
    for (const auto& group : saved.at("groups")) {
      joined.groups.push_back(group_of(group, prompts, prefix_of(joined.groups.size())));
    }
    joined.gate.share = saved.at("untuned_share").get<double>();
  } catch (const nlohmann::json::exception&) {
    throw FormatError(
        "the prompts file says that it holds groups of classes, and does not say which; it is damaged, or another "
        "version of mao wrote it");
  }
  const auto weight = prompts.tensors.find("gate.weight"), bias = prompts.tensors.find("gate.bias");
  if (weight != prompts.tensors.end() && bias != prompts.tensors.end()) {
    joined.gate.weight = weight->second;
    joined.gate.bias = bias->second;
  }
  return joined;
}

std::vector<std::string> group_names(const Prompts& prompts) {
  std::vector<std::string> names;
  if (!is_joined(prompts)) return names;
  for (const PromptGroup& group : joined_of(prompts).groups) {
    names.insert(names.end(), group.prompts.info.classes.names.size(), group.name);
  }
  return names;
}

AnyBackbone group_backbone(const OpenedModel& opened, const PromptGroup& group) {
  const PromptInfo& info = group.prompts.info;
  if (info.method != "zero-shot") return restored_backbone(opened, group.prompts, info.classes);
  const RunSettings settings = settings_of(group.prompts);
  return AnyBackbone(make_zero_shot(opened, info.classes, settings.method, settings.data.data));
}

AnyGate gate_of(const OpenedModel& opened, const JoinedPrompts& joined, const RunSettings& settings) {
  std::vector<std::int64_t> sizes;
  for (const ClassList& classes : joined.classes()) sizes.push_back(classes.size());
  std::vector<WeightedGates::Term> terms;
  auto untuned =
      make_zero_shot(opened, mao::detail::joined_list(joined.classes()), settings.method, settings.data.data);
  terms.push_back({MassGate<ZeroShot<AnyModel>>(std::move(untuned), sizes), joined.gate.share});
  if (joined.gate.weight.defined()) {
    terms.push_back({LinearGate<AnyModel>(opened.model, joined.gate.weight, joined.gate.bias), 1.0});
  }
  return WeightedGates(std::move(terms));
}

AnyBackbone joined_backbone(const OpenedModel& opened, const Prompts& prompts, const ClassList& classes) {
  const JoinedPrompts joined = joined_of(prompts);
  std::vector<AnyBackbone> groups;
  for (const PromptGroup& group : joined.groups) groups.push_back(group_backbone(opened, group));
  JoinedClassifier<AnyBackbone, AnyGate> classifier(std::move(groups), gate_of(opened, joined, settings_of(prompts)));
  classifier.bind(classes);
  return AnyBackbone(std::move(classifier));
}

}  // namespace mao_program
