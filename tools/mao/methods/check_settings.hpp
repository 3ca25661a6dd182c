// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Settings that contradict each other and options that would do nothing, refused before any work is done.

#include <string>
#include <vector>

#include "tune/idle_options.hpp"

namespace mao_program {

/// **Throws** `OptionError` for settings that contradict each other.
void check_settings(const RunSettings& settings);

/// Whether a method has that name.
bool is_method(const std::string& name);

/// What decides which options act in a run whose settings were checked.
RunFacts facts_of(const RunSettings& settings);

/// `check_settings` of every run, and **throws** `OptionError` for an option that acts in none of them.
void check_options(const GivenOptions& given, const std::vector<RunSettings>& runs);

}  // namespace mao_program
