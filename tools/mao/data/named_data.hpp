// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What `--data NAME --root DIR` brings with it: the data set's files, its templates, few-shot draws that were saved.

#include <cstdint>
#include <string>
#include <vector>

#include <mao/data/dataset.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/registry.hpp>

#include "tune/settings.hpp"

namespace mao_program {

/// The registered data set that `--data` names; null when it names a path. A path that exists counts as one unless a
/// root is given.
const NamedDataset* named_data(const DataSettings& settings);

/// `--root`, or MAO_DATA of the environment. **Throws** `OptionError` when there is neither.
std::filesystem::path data_root(const DataSettings& settings);

/// The sentences of the untuned model. `setting` is one with `{}` or several of them, one per line, a file of such, or
/// "auto": those of `data`, which is a name or path, and "a photo of a {}." when it has none of its own.
std::vector<std::string> zero_shot_templates(const std::string& setting, const std::string& data);

/// The setting with the sentences of its file in its place, so that prompts do not depend on a file that may change.
std::string without_template_file(const std::string& setting);

/// The few shots of a run: the saved draw that `--shots-file` names, or one of our own. Says on standard error when a
/// saved one lies beside the data set, holds other images, and is not used.
FewShot few_shot_of(const DataSettings& settings, const Dataset& dataset, std::uint64_t seed);

}  // namespace mao_program
