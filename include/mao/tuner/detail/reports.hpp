// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reports of a tuner for observers, and its state between epochs.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// After each step.
struct StepReport {
  int epoch = 0;  ///< 0-based
  int epochs = 0;
  int step = 0;  ///< 0-based within the epoch
  int steps = 0;
  int images = 0;
  int candidates = 0;
  double loss = 0;
  double accuracy = 0;  ///< percent of the batch, among its candidates
  double learning_rate = 0;
  bool skipped = false;  ///< no image of the batch had a label that counts
  bool updated = false;  ///< the parameters were updated; with `accumulate`, not at every step
};

/// After each epoch.
struct EpochReport {
  int epoch = 0;
  int epochs = 0;
  int steps = 0;
  int skipped = 0;
  double loss = 0;      ///< mean over the steps
  double accuracy = 0;  ///< percent, mean over the steps
  double learning_rate = 0;
  double seconds = 0;
  std::string stage{};  ///< the tuner's name
};

/// Before the first step of a call of `fit`.
struct StartReport {
  std::string stage;  ///< the tuner's name
  int epochs = 0;
  int epochs_done = 0;  ///< above 0 if training resumes
};

/// Callbacks of `fit`; any may be empty. Any other type with some of the members in `docs/concepts/observer.md` is also
/// an observer.
struct Observer {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const EpochReport&)> on_epoch;
  /// Called by `fit_with_checkpoints` after each epoch, and by `run_base_to_new` for prompts too (`fit` saves nothing):
  /// the file is complete under a temporary name and is about to get its own. Throw to prevent that; a file of that
  /// name from an earlier epoch then stays as it is.
  std::function<void()> before_save;
  std::function<bool()> should_stop;  ///< called before each step; true ends `fit` without finishing the epoch
};

/// The state from which training continues after an epoch as if it had not stopped.
struct TunerState {
  int epochs_done = 0;
  TensorMap parameters;
  TensorMap optimizer;       ///< momentum, moments
  TensorMap buffers;         ///< of the backbone, if it has any
  TensorMap sampler{};       ///< the state of the sampler or its labeller (`KeepsState`), if any
  TensorMap last_sampler{};  ///< the same before the last complete epoch was drawn
  int updates = 0;           ///< number of updates so far
  ClassList classes{};       ///< of the tuner
  ClassList learned_for{};   ///< of the parameters (`ClassBound`); empty: shared by all classes
  /// Seed, optimizer, learning rates, and the descriptions of backbone, sampler and regularizer, as texts: training
  /// resumes only if they are the same.
  std::map<std::string, std::string> training{};
  std::string last_batches{};  ///< of the last complete epoch, from `text_of_batches`
};

/// How training ended, and the reports of its epochs.
struct FitResult {
  enum End { Finished, Stopped };

  FitResult() = default;
  FitResult(End of) : end(of) {}  // NOLINT: converts on purpose

  End end = Finished;
  std::string why{};                  ///< the reason for its end
  std::string stage{};                ///< the tuner's name
  std::vector<EpochReport> epochs{};  ///< the epochs that this tuner has trained, in order
  double seconds = 0;                 ///< of this call

  friend bool operator==(const FitResult& result, End how) { return result.end == how; }
};

}  // namespace mao
