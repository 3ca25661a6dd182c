// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From the settings of a run to the library's types.

#include <functional>
#include <string>
#include <vector>

#include <mao/backbones/zero_shot.hpp>
#include <mao/evaluation/base_to_new.hpp>

#include "data/named_data.hpp"
#include "methods/check_settings.hpp"
#include "methods/registry.hpp"
#include "models/models.hpp"
#include "tune/settings.hpp"

namespace mao_program {

using Similarity = std::function<Eigen::MatrixXf(const std::vector<std::string>&, const std::vector<std::string>&)>;

/// The method that the settings name. **Throws** `OptionError`.
AnyBackbone make_backbone(const OpenedModel& opened, const ClassList& classes, const MethodSettings& settings,
                          std::uint64_t seed);

/// Another one with the same learned tensors, bound to the same classes; the two share nothing.
AnyBackbone copy_of(AnyBackbone& backbone, const OpenedModel& opened, const MethodSettings& settings);

/// The untuned model with the templates that the settings name. With `data`, "auto" means those of that data set, as
/// the zero-shot rows of the papers have them; without, "a photo of a {}.", as MAO's pseudo labels have it.
inline ZeroShot<AnyModel> make_zero_shot(const OpenedModel& opened, const ClassList& classes,
                                         const MethodSettings& settings, const std::string& data = {}) {
  return ZeroShot<AnyModel>(opened.model, classes,
                            {.templates = zero_shot_templates(settings.zero_shot_template, data)});
}

/// Who ranks hard negatives. **Throws** `FileError` when its files are not there.
Similarity make_similarity(const OpenedModel& opened, const RunSettings& settings);

/// The steps of a run with the paper's numbers where none are given. `say` is told warnings.
BaseToNewOptions make_steps(const RunSettings& settings, std::int64_t base_classes, std::uint64_t seed, bool augment,
                            const std::function<void(const std::string&)>& say);

}  // namespace mao_program
