// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which replays there are. A method is added by one source file in this folder that ends in a `Registration`.

#include <functional>
#include <map>
#include <string>

#include "replay/report.hpp"
#include "replay/trace.hpp"

namespace mao_program::replay {

/// Compares the library with a trace and writes what it finds into the report.
using Replay = std::function<void(const Trace& trace, Report& report)>;

/// Replays of methods by the name of the reference's trainer class (`CoOp` of "CoOp: trainers.coop.CoOp").
inline std::map<std::string, Replay>& method_replays() {
  static std::map<std::string, Replay> table;
  return table;
}

/// Puts a replay into the table before `main` starts.
struct Registration {
  Registration(const std::string& trainer, Replay replay) { method_replays()[trainer] = std::move(replay); }
};

/// Tokenizer, towers and zero-shot logits (golden0).
void replay_zero_shot(const Trace& trace, Report& report);

/// The stand-alone loss over the classes of a batch (mao_regB).
void replay_regularizer(const Trace& trace, Report& report);

/// Sentence embeddings, cosines and nearest classes (minilm).
void replay_mini_lm(const Trace& trace, Report& report);

}  // namespace mao_program::replay
