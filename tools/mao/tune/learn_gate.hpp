// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A gate between two groups of classes, learned from images whose group is known.

#include <functional>
#include <string>
#include <vector>

#include "methods/method.hpp"
#include "tune/joined_prompts.hpp"

namespace mao_program {

/// Unit features of the frozen image tower for the evaluation view of every image. **Shape** [N, D], on the CPU.
Tensor unit_features(const OpenedModel& opened, ImageSource& images);

/// Log-probability of each half, whose classes are the first `base` columns and the others. **Shape** [N, 2].
Tensor half_masses(const Tensor& logits, std::int64_t base);

/// What a gate is learned from. The sources outlive the call.
struct GatePool {
  std::vector<ImageSource*> before;  ///< images of the first group
  ImageSource* last = nullptr;       ///< images of the second one
  ClassList classes_before, classes_last;
};

struct GateChoice {
  std::string between;              ///< for the log: "base and new"
  std::vector<double> proportions;  ///< how often each group is expected; empty: alike
};

/// The gate; `note` is told what came of it. Where there are too few images the untuned model decides.
JoinedGate learn_gate(const OpenedModel& opened, const RunSettings& settings, const GatePool& pool,
                      const GateChoice& choice, const std::function<void(const std::string&)>& note);

}  // namespace mao_program
