// SPDX-License-Identifier: Apache-2.0
/// \file
/// The base stage of MAO as released: on PromptSRC, with one column per image.

#include <mao/regularizers/alterable.hpp>

#include "replay/promptsrc.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using mao::AlterableRegularizer;

/// The release lacks its list of templates. The trace was made with those of PromptSRC's trace and does not name them.
const std::vector<std::string> templates{"a photo of a {}.",
                                         "a bad photo of a {}.",
                                         "a photo of many {}.",
                                         "a sculpture of a {}.",
                                         "a photo of the hard to see {}.",
                                         "a low resolution photo of the {}.",
                                         "a rendering of a {}.",
                                         "graffiti of a {}."};

/// The batches after hard negatives were added; which ones the reference drew at random, so they are given.
std::vector<StepBatch> expanded_steps(const Trace& trace) {
  const std::string file = "expanded_batches.safetensors";
  const auto given = trace.tensors(file);
  std::vector<StepBatch> steps;
  for (std::int64_t step = 0; step < trace.config<std::int64_t>("T"); ++step) {
    const std::string prefix = "step" + std::to_string(step);
    steps.push_back({entry(given, prefix + ".images", file), integers(entry(given, prefix + ".labels", file)), {}});
  }
  return steps;
}

void replay_mao_base(const Trace& trace, Report& report) {
  PromptSrcClip backbone = promptsrc_of(trace, templates);
  compare_teacher(trace, backbone, report);
  MethodOptions options = promptsrc_comparison(trace);
  options.column_an_image = true;
  options.targets_are_labels = false;  // they are positions in the batch
  const AlterableRegularizer released(
      {.task = AlterableRegularizer::Task::Base, .columns = AlterableRegularizer::Columns::PerImage});
  replay_method(trace, backbone, expanded_steps(trace), options, report, released);
}

const Registration registration("MAO_PromptSRC_Base", replay_mao_base);

}  // namespace

}  // namespace mao_program::replay
