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

void replay_mao_base(const Trace& trace, Report& report) {
  PromptSrcClip backbone = promptsrc_of(trace, templates);
  compare_teacher(trace, backbone, report);
  MethodOptions options = promptsrc_comparison(trace);
  options.column_an_image = true;
  options.targets_are_labels = false;  // they are positions in the batch
  const AlterableRegularizer released(
      {.task = AlterableRegularizer::Task::Base, .columns = AlterableRegularizer::Columns::PerImage});
  replay_method(trace, backbone, trace.expanded_steps(), options, report, released);
}

const Registration mao_registration("MAO_PromptSRC_Base", replay_mao_base);

}  // namespace

}  // namespace mao_program::replay
