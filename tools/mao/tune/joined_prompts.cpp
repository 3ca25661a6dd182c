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
  nlohmann::json json{{"name", group.name},
                      {"method", info.method},
                      {"classes", info.classes.names},
                      {"first_classes", first.names},
                      {"settings", info.settings}};
  if (!group.images.empty()) json["images"] = group.images;
  return json;
}

void add_linear_part(ParameterList& tensors, const JoinedGate& gate, const std::string& prefix) {
  if (!gate.weight.defined()) return;
  tensors.push_back({prefix + "weight", gate.weight});
  tensors.push_back({prefix + "bias", gate.bias});
}

void take_linear_part(const Prompts& file, JoinedGate& gate, const std::string& prefix) {
  const auto weight = file.tensors.find(prefix + "weight"), bias = file.tensors.find(prefix + "bias");
  if (weight == file.tensors.end() || bias == file.tensors.end()) return;
  gate.weight = weight->second;
  gate.bias = bias->second;
}

std::string prefix_of_added(std::size_t place) { return text_of("gate.added.", place, "."); }

PromptGroup group_of(const nlohmann::json& saved, const Prompts& file, const std::string& prefix) {
  PromptGroup group{.name = saved.at("name").get<std::string>(), .prompts = {}};
  group.images = saved.value("images", "");
  group.prompts.info = {saved.at("method").get<std::string>(), file.info.model, class_list(saved.at("classes")),
                        saved.at("settings"), class_list(saved.at("first_classes"))};
  for (const auto& [name, value] : file.tensors) {
    if (name.starts_with(prefix)) group.prompts.tensors[name.substr(prefix.size())] = value;
  }
  return group;
}

}  // namespace

Prompts prompts_of(AnyBackbone& backbone, PromptInfo info, const ClassList& classes) {
  info.classes = classes;
  Prompts prompts{.info = std::move(info), .tensors = {}};
  for (const Parameter& parameter : backbone.parameters()) {
    prompts.tensors[parameter.name] = parameter.value.detach().cpu().clone();
  }
  for (const auto& [name, value] : backbone.buffers()) prompts.tensors[name] = value.detach().cpu().clone();
  return prompts;
}

std::vector<ClassList> JoinedPrompts::classes() const {
  std::vector<ClassList> lists;
  for (const PromptGroup& group : groups) lists.push_back(group.prompts.info.classes);
  return lists;
}

void save_joined(const std::filesystem::path& path, const JoinedPrompts& joined, PromptInfo info,
                 const std::function<void()>& before_rename) {
  ParameterList tensors;
  nlohmann::json groups = nlohmann::json::array();
  for (std::size_t g = 0; g < joined.groups.size(); ++g) {
    groups.push_back(as_json(joined.groups[g]));
    for (const auto& [name, value] : joined.groups[g].prompts.tensors) tensors.push_back({prefix_of(g) + name, value});
  }
  add_linear_part(tensors, joined.gate, "gate.");
  nlohmann::json shares = nlohmann::json::array();
  for (const JoinedGate& gate : joined.gate.added) {
    add_linear_part(tensors, gate, prefix_of_added(shares.size()));
    shares.push_back(gate.share);
  }
  info.classes = mao::detail::joined_list(joined.classes());
  info.first_classes = info.classes;
  info.settings["joined"] = {{"groups", std::move(groups)}, {"untuned_share", joined.gate.share}};
  if (!shares.empty()) info.settings["joined"]["added_shares"] = std::move(shares);
  save_prompts(path, tensors, info, before_rename);
}

JoinedPrompts joined_of(const Prompts& prompts) {
  JoinedPrompts joined;
  try {
    const nlohmann::json& saved = prompts.info.settings.at("joined");
    for (const auto& group : saved.at("groups")) {
      joined.groups.push_back(group_of(group, prompts, prefix_of(joined.groups.size())));
    }
    joined.gate.share = saved.at("untuned_share").get<double>();
    for (const double share : saved.value("added_shares", std::vector<double>())) {
      JoinedGate gate{.weight = {}, .bias = {}, .share = share};
      take_linear_part(prompts, gate, prefix_of_added(joined.gate.added.size()));
      joined.gate.added.push_back(std::move(gate));
    }
  } catch (const nlohmann::json::exception&) {
    throw FormatError(
        "the prompts file says that it holds groups of classes, and does not say which; it is damaged, or another "
        "version of mao wrote it");
  }
  require<FormatError>(joined.groups.size() > joined.gate.added.size(), "the prompts file has ", joined.groups.size(),
                       " groups of classes, of which ", joined.gate.added.size(),
                       " were added; expected more groups; it is damaged, or another version of mao wrote it");
  take_linear_part(prompts, joined.gate, "gate.");
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

namespace {

/// The untuned model's masses of groups of these classes, by their share, and the linear part.
WeightedGates one_gate(const OpenedModel& opened, const JoinedGate& gate, const std::vector<ClassList>& groups,
                       const RunSettings& settings) {
  std::vector<std::int64_t> sizes;
  for (const ClassList& classes : groups) sizes.push_back(classes.size());
  std::vector<WeightedGates::Term> terms;
  auto untuned = make_zero_shot(opened, mao::detail::joined_list(groups), settings.method, settings.data.data);
  terms.push_back({MassGate<ZeroShot<AnyModel>>(std::move(untuned), sizes), gate.share});
  if (gate.weight.defined()) terms.push_back({LinearGate<AnyModel>(opened.model, gate.weight, gate.bias), 1.0});
  return WeightedGates(std::move(terms));
}

}  // namespace

AnyGate gate_of(const OpenedModel& opened, const JoinedPrompts& joined, const RunSettings& settings) {
  const std::vector<ClassList> groups = joined.classes();
  const auto first = static_cast<std::ptrdiff_t>(groups.size() - joined.gate.added.size());
  std::vector<ClassList> before(groups.begin(), groups.begin() + first);
  AnyGate gate = one_gate(opened, joined.gate, before, settings);
  for (const JoinedGate& added : joined.gate.added) {
    const ClassList& last = groups[before.size()];
    gate = AddedGroupGate(std::move(gate), one_gate(opened, added, {mao::detail::joined_list(before), last}, settings));
    before.push_back(last);
  }
  return gate;
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
