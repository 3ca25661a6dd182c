// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Class vectors of the frozen model from hand-written prompts: the zero-shot classifier, and the teacher of some
/// methods.

#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/detail/free_functions.hpp>
#include <mao/prompts/distinct_prompts.hpp>

namespace mao {

/// How the features of several templates become one class vector.
enum class Averaging {
  Unit,  ///< the mean of unit vectors: CLIP's own ensemble
  Raw,   ///< the mean of the unnormalised features: PromptSRC's teacher
};

/// One unit vector per class, without gradient. **Shape** [C, D].
///
/// **Throws** `OptionError` for no template or one without `{}`, `DataError` naming a sentence that is too long, or
/// names that `check_class_prompts` refuses.
template <VisionLanguageModel ModelT>
Tensor frozen_class_features(const ModelT& model, const ClassList& classes, const std::vector<std::string>& templates,
                             Averaging averaging = Averaging::Unit) {
  const at::NoGradGuard frozen;
  require<OptionError>(!templates.empty(), "class features: no template given; use \"a photo of a {}.\"");
  check_class_prompts(model, classes, "class features", templates.front());
  const auto unit = [](const Tensor& rows) { return rows.div(rows.norm(2, -1, true)); };
  std::vector<Tensor> of_templates;
  for (const std::string& pattern : templates) {
    std::vector<std::string> sentences;
    for (const std::string& name : classes.names) sentences.push_back(fill_template(pattern, name));
    const Tensor features = sentence_features(model, sentences);
    of_templates.push_back(averaging == Averaging::Unit ? unit(features) : features);
  }
  return unit(detail::stacked(of_templates).mean(0));
}

}  // namespace mao
