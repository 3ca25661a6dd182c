// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a tuner tells while it works, and its state between epochs.

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
  bool updated = false;  ///< the parameters were changed; with `accumulate` not at every step
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

/// Before the first step of a `fit`.
struct StartReport {
  std::string stage;  ///< the tuner's name
  int epochs = 0;
  int epochs_done = 0;  ///< above 0 when a training resumes
};

/// Callbacks of `fit`; any may be empty. Any other type with some of the members of `docs/concepts/observer.md` is an
/// observer as well.
struct Observer {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const EpochReport&)> on_epoch;
  std::function<void()> before_save;  ///< a checkpoint is written and about to take its place; throws to prevent it
  std::function<bool()> should_stop;  ///< asked before each step; true ends `fit` without finishing the epoch
};

/// Everything that training needs to continue from the end of an epoch as if it had never stopped.
struct TunerState {
  int epochs_done = 0;
  TensorMap parameters;
  TensorMap optimizer;       ///< momentum, moments
  TensorMap buffers;         ///< of the backbone, where it has any
  TensorMap sampler{};       ///< what the sampler or its labeller keeps (`KeepsState`), where it does
  TensorMap last_sampler{};  ///< the same before the last epoch that is done was drawn
  int updates = 0;           ///< steps so far that changed the parameters
  ClassList classes{};       ///< that the tuner was made for
  ClassList learned_for{};   ///< that the parameters belong to (`ClassBound`); empty: to none
  /// Seed, optimizer, learning rates, and what backbone, sampler and regularizer are, each as a text: a training that
  /// resumes has the same ones.
  std::map<std::string, std::string> training{};
  std::string last_batches{};  ///< of the last epoch that is done, as `text_of_batches` has them
};

/// How a training ended, and what happened in it.
struct FitResult {
  enum End { Finished, Stopped };

  FitResult() = default;
  FitResult(End of) : end(of) {}  // NOLINT: converts on purpose

  End end = Finished;
  std::string why{};                  ///< it ended
  std::string stage{};                ///< the tuner's name
  std::vector<EpochReport> epochs{};  ///< those that this tuner has trained, in order
  double seconds = 0;                 ///< of this call

  friend bool operator==(const FitResult& result, End how) { return result.end == how; }
};

}  // namespace mao
