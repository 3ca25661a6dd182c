// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Settings that the replays of CoOp and of the methods built on it read alike.

#include <string>

#include <mao/prompts/concepts.hpp>

#include "replay/trace.hpp"

namespace mao_program::replay {

/// TRAINER.COOP.CLASS_TOKEN_POSITION. **Throws** `OptionError` for another word than end, middle or front.
mao::ClassPosition class_position(const Trace& trace);

/// **Throws** `OptionError` where the context is class-specific, which the library has for CoOp and ProGrad alone.
void expect_shared_context(const Trace& trace, const std::string& method);

}  // namespace mao_program::replay
