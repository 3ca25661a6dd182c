// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Prompts of several groups as linear heads: one for the classes, one for the gate.

#include <string>

#include <mao/tuner/prompts_file.hpp>

#include "models/models.hpp"

namespace mao_program {

/// Writes `weight` [C, D], `group` [C], `logit_scale`; `gate.classes` [C, D], `gate.share`, `gate.weight` [G, D],
/// `gate.bias` [G]; and the names beside it. **Throws** `OptionError` where linear heads are not the method's answers.
void export_joined(const std::string& out, const mao::Prompts& prompts, const OpenedModel& opened);

}  // namespace mao_program
