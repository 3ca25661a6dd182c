// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The names that options know: those of mao, and those that your own program adds.

#include <algorithm>
#include <string>
#include <vector>

#include <mao/data/registry.hpp>

namespace mao_program {

using Names = std::vector<std::string>;

/// `--labeler`.
inline Names& labeler_names() {
  static Names names{"zero-shot", "tuned", "none", "average", "agreement", "soft", "select", "auto"};
  return names;
}

/// `--sampler`, an option of programs that add a sampler; auto: the stage's default.
inline Names& sampler_names() {
  static Names names{"auto"};
  return names;
}

/// `--regularizer`: mao's, and those that a program adds; auto: the stage's own.
inline Names& regularizer_names() {
  static Names names{"auto", "sigmoid"};
  return names;
}

/// Models that `--model` knows by name, in every program.
inline const Names& built_in_model_names() {
  static const Names names{"embedded", "embedded-siglip", "mobilenet-minilm"};
  return names;
}

/// Whether the model comes with mao.
inline bool is_embedded(const std::string& model) { return model == "embedded" || model == "embedded-siglip"; }

/// Data that is rendered, for `--data`.
inline const Names& rendered_data_names() {
  static const Names names{"sketch", "shifted", "disjoint"};
  return names;
}

/// What `--data` knows by name: rendered data and data sets.
inline Names data_names() {
  Names names = rendered_data_names();
  for (const mao::NamedDataset& known : mao::named_datasets) names.emplace_back(known.name);
  return names;
}

/// Models that your own program adds, for `--model`.
inline Names& own_model_names() {
  static Names names;
  return names;
}

/// What `--model` knows by name.
inline Names model_names() {
  Names names = built_in_model_names();
  names.insert(names.end(), own_model_names().begin(), own_model_names().end());
  return names;
}

inline bool is_one_of(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace mao_program
