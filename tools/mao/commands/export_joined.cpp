// SPDX-License-Identifier: Apache-2.0
#include "commands/export_joined.hpp"

#include <filesystem>
#include <iostream>

#include <ATen/ops/cat.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "commands/class_weights.hpp"
#include "output_file.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

/// How the file is read, for people who open it without the documentation.
constexpr const char* use =
    "own = logit_scale * normalize(encode_image(x)) @ weight.T; mass = logit_scale * normalize(encode_image(x)) @ "
    "gate.classes.T; gate = normalize(encode_image(x)) @ gate.weight.T + gate.bias + gate.share * log of each group's "
    "part of softmax(mass), over the first groups; for each added group a gate of two scores, of all groups before it "
    "and of it, in the same way; a class has softmax(own of its group) * softmax(gate) of its group";

/// The gates of groups that were added: weights [A, 2, D], biases [A, 2] and shares [A], A may be 0.
TensorMap added_gates(const std::vector<JoinedGate>& added, std::int64_t width) {
  const auto count = std::ssize(added);
  TensorMap gates{{"added.weight", at::zeros({count, 2, width})},
                  {"added.bias", at::zeros({count, 2})},
                  {"added.share", at::zeros({count})}};
  for (std::int64_t i = 0; i < count; ++i) {
    const JoinedGate& gate = added[static_cast<std::size_t>(i)];
    gates["added.share"][i].fill_(gate.share);
    if (!gate.weight.defined()) continue;
    gates["added.weight"][i].copy_(gate.weight);
    gates["added.bias"][i].copy_(gate.bias);
  }
  return gates;
}

}  // namespace

void export_joined(const std::string& out, const Prompts& prompts, const OpenedModel& opened) {
  expect_one_line_each(prompts.info.classes);
  const JoinedPrompts joined = joined_of(prompts);
  std::vector<Tensor> weights;
  std::vector<std::int64_t> group_of;
  double logit_scale = 0;
  for (const PromptGroup& group : joined.groups) {
    require<OptionError>(!is_joined(group.prompts), "the group ", group.name,
                         " is made of groups itself, which no such "
                         "head says; use `mao predict`");
    AnyBackbone backbone = group_backbone(opened, group);
    const ClassWeights head = weights_of(backbone, opened, group.prompts.info.method);
    group_of.insert(group_of.end(), static_cast<std::size_t>(head.weight.size(0)), std::ssize(weights));
    weights.push_back(head.weight);
    logit_scale = head.logit_scale;
  }
  const RunSettings settings = settings_of(prompts);
  auto untuned = make_zero_shot(opened, prompts.info.classes, settings.method, settings.data.data);
  const ClassWeights mass = weights_of(untuned, opened, "zero-shot");
  const auto first = std::ssize(joined.groups) - std::ssize(joined.gate.added);
  const auto scalar = [](double value) { return at::scalar_tensor(value).to(at::kFloat); };
  const bool linear = joined.gate.weight.defined();
  nlohmann::json names = nlohmann::json::array();
  for (const PromptGroup& group : joined.groups) names.push_back(group.name);
  TensorMap tensors = added_gates(joined.gate.added, mass.weight.size(1));
  tensors.merge(TensorMap{{"weight", at::cat(weights)},
                          {"group", at::tensor(group_of)},
                          {"logit_scale", scalar(logit_scale)},
                          {"gate.classes", mass.weight},
                          {"gate.share", scalar(joined.gate.share)},
                          {"gate.weight", linear ? joined.gate.weight : at::zeros({first, mass.weight.size(1)})},
                          {"gate.bias", linear ? joined.gate.bias : at::zeros({first})}});
  const std::string over = over_earlier(out);
  write_safetensors(out, tensors,
                    {{"format", "mao-joined-weights"},
                     {"method", prompts.info.method},
                     {"model", opened.model->fingerprint()},
                     {"classes", nlohmann::json(prompts.info.classes.names).dump()},
                     {"groups", names.dump()},
                     {"use", use}});
  const auto list = std::filesystem::path(out).replace_extension(".classes.txt");
  write_file_atomically(list, [&](std::ostream& file) {
    for (const std::string& name : prompts.info.classes.names) file << name << "\n";
  });
  std::cout << "wrote " << out << over << ": heads of " << group_of.size() << " classes in " << joined.groups.size()
            << " groups, and the gate between them\nwrote " << list.string()
            << ": the names of the classes, in the order of the rows\n"
            << "to classify: docs/guides/all-classes.md has the code, under \"In Python\"\n";
}

}  // namespace mao_program
