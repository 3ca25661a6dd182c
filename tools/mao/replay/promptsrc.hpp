// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the replays of PromptSRC and of the released MAO, which is made of it, have in common.

#include <mao/backbones/promptsrc.hpp>

#include "replay/method.hpp"

namespace mao_program::replay {

using PromptSrcClip = mao::PromptSrc<mao::Clip>;

/// With the trace's settings; `templates` stand in where it names none.
PromptSrcClip promptsrc_of(const Trace& trace, std::vector<std::string> templates = mao::imagenet_templates());

/// In the trace the last step's parameters are the aggregated ones, which the library has after the training: they are
/// compared as "final", and here with what was learned before, where the trace has it.
MethodOptions promptsrc_comparison(const Trace& trace);

/// The class vectors of the frozen model.
void compare_teacher(const Trace& trace, const PromptSrcClip& backbone, Report& report);

}  // namespace mao_program::replay
