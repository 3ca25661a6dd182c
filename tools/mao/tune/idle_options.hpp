// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Options that would do nothing, refused by name.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tune/settings.hpp"

namespace mao_program {

/// What somebody asked for: on the command line, in a --config file or a sweep's. Defaults are not part of it, nor is
/// what a preset brings, which another choice may leave without effect.
struct GivenOptions {
  std::set<std::string> options;         ///< as "--lr"
  std::set<std::string> method_options;  ///< the names behind --set

  /// What the parser of `command` was given.
  static GivenOptions of(const CLI::App& command, const MethodSettings& settings);
  /// The options of the method alone.
  static GivenOptions of_method(const MethodSettings& settings);
};

/// What decides whether an option of a run acts.
struct RunFacts {
  RunSettings run;
  bool is_rendered = true;                                   ///< the training data
  bool has_files = false;                                    ///< the training data or a target
  bool is_named = false;                                     ///< one of these is looked for below --root
  bool has_epsilon = true;                                   ///< the optimiser
  std::string own_batch{};                                   ///< the method, when it chooses its batches itself
  std::string own_loss{};                                    ///< the method, when no loss over labels trains it
  std::map<std::string, std::string> idle_method_options{};  ///< each with the reason
};

/// Options that a row of the table speaks of.
std::vector<std::string> options_with_effect();

/// Whether an option only says how to run: a bound, a place, a permission. Such an option is never idle.
bool only_says_how(const std::string& option);

/// Why an option of `mao tune` or a protocol would do nothing in that run; empty when it acts. **Throws**
/// `std::logic_error` for an option without a row in the table: a new option says there when it acts.
std::string idle_reason(const std::string& option, const RunFacts& facts);

/// **Throws** `OptionError` naming an option that acts in none of the runs.
void refuse_idle_options(const GivenOptions& given, const std::vector<RunFacts>& runs);

/// `--lr would be ignored: REASON; leave it out`
std::string idle_sentence(const std::string& option, const std::string& reason);

/// **Throws** `OptionError` for one of these options on the command line, which has no use for it.
void refuse_options(const CLI::App& command, const std::vector<std::string>& names, const std::string& reason);

/// **Throws** `OptionError` for an option of the model on the command line that the model has no use for.
void refuse_idle_model_options(const CLI::App& command, const ModelSettings& settings);

/// Why `--root` would do nothing for that data; empty when it acts.
std::string why_root_is_idle(bool is_rendered, bool is_named, const std::string& data);

/// Why `--classnames` would do nothing; empty when it acts.
std::string why_classnames_are_idle(bool is_rendered);

}  // namespace mao_program
