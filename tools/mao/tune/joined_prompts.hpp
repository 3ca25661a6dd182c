// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One prompts file for several groups of classes that have prompts of their own, and the gate between them.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mao/tuner/joined_classifier.hpp>
#include <mao/tuner/prompts_file.hpp>

#include "methods/method.hpp"

namespace mao_program {

/// A group as a prompts file has it: prompts of their own, or none for the untuned model (method "zero-shot").
struct PromptGroup {
  std::string name;
  Prompts prompts;
  std::string images = {};  ///< folder of the unlabelled images that the group was added with
};

/// What decides between groups: linear in the frozen image features where images taught it, and a share of the mass
/// that the untuned model gives to the classes of each group.
struct JoinedGate {
  Tensor weight, bias;  ///< [G, D], [G]; undefined: no linear part
  double share = 1;     ///< of the untuned model's log-probabilities of the groups
  /// For each group that `mao add` has added: the gate between all groups before it together, and it. The gate itself
  /// is then between the groups before the first of these.
  std::vector<JoinedGate> added = {};
};

/// Several groups in one.
struct JoinedPrompts {
  std::vector<PromptGroup> groups;
  JoinedGate gate;

  /// The classes of each group.
  [[nodiscard]] std::vector<ClassList> classes() const;
};

/// Whether a prompts file holds groups.
inline bool is_joined(const Prompts& prompts) { return prompts.info.settings.contains("joined"); }

/// The prompts of `backbone`, whose classes are `classes`; the rest as in `info`.
Prompts prompts_of(AnyBackbone& backbone, PromptInfo info, const ClassList& classes);

/// As one file. `info` says which method and model; classes and groups are filled in. `before_rename` as in
/// `write_file_atomically`.
void save_joined(const std::filesystem::path& path, const JoinedPrompts& joined, PromptInfo info,
                 const std::function<void()>& before_rename = {});

/// The parts of a file that `is_joined`. **Throws** `FormatError` for a damaged one.
JoinedPrompts joined_of(const Prompts& prompts);

/// The group of each class, in the order of the file's classes; nothing where there are no groups.
std::vector<std::string> group_names(const Prompts& prompts);

/// The group's prompts as a method, bound to its classes.
AnyBackbone group_backbone(const OpenedModel& opened, const PromptGroup& group);

/// The gate as a policy.
AnyGate gate_of(const OpenedModel& opened, const JoinedPrompts& joined, const RunSettings& settings);

/// One classifier over the classes of all groups, bound to `classes`.
AnyBackbone joined_backbone(const OpenedModel& opened, const Prompts& prompts, const ClassList& classes);

}  // namespace mao_program
