// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--preset NAME`: the settings of a row of a paper, every number with its source.

#include <string>
#include <vector>

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

/// The arguments with `--preset NAME` replaced by its settings; what the command line gives itself wins.
///
/// **Throws** `OptionError` for an unknown name, listing the known ones.
std::vector<std::string> with_preset(std::vector<std::string> arguments);

}  // namespace mao_program
