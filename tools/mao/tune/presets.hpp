// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--preset NAME`: the settings of a row of a paper, every number with its source.

#include <string>
#include <vector>

#include "tune/idle_options.hpp"

namespace mao_program {

/// One option as it would stand on the command line, and where its value comes from.
struct PresetSetting {
  std::string option;               ///< "--lr"
  std::vector<std::string> values;  ///< none for a flag
  std::string source;
};

/// Settings of a published row.
struct Preset {
  std::string name;  ///< method or publication / row
  std::string row;   ///< which row it is
  std::vector<PresetSetting> settings;
};

/// All presets, in the order in which `mao presets` lists them.
const std::vector<Preset>& presets();

/// Their names.
std::vector<std::string> preset_names();

/// Gives the settings of `--preset NAME` to a command that was parsed, except for those that were given; returns what
/// was given.
///
/// **Throws** `OptionError` for an unknown name, listing the known ones.
GivenOptions take_preset(CLI::App& command, MethodSettings& settings);

}  // namespace mao_program
