// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned prompts as the checkpoints of the reference implementations.

#include <filesystem>

#include "tune/settings.hpp"

namespace mao_program {

/// Writes `prompts` below `folder` in the reference's layout (`NAME/model.pth.tar-N`) and returns the file.
/// `named_model`: the settings say which model, so that the prompts do not. `epoch`: N; 0: the epochs trained.
/// **Throws** `OptionError` for a method without a reference.
std::filesystem::path write_reference(const std::filesystem::path& prompts, const std::filesystem::path& folder,
                                      int epoch, RunSettings settings, bool named_model);

}  // namespace mao_program
