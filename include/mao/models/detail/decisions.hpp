// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Who decides heads and activation of a checkpoint, and what is asked of the user where nothing does.

#include <optional>
#include <string>

#include <mao/io/named_tensors.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/detail/stated_form.hpp>
#include <mao/models/form.hpp>

namespace mao {

/// What there is beside the tensors.
struct ClipEvidence {
  std::string source;                      ///< the checkpoint, for messages
  std::string configured;                  ///< the configuration file, or `the caller`; empty without one
  StatedForm stated{};                     ///< of a model that was saved whole
  std::optional<Activation> activation{};  ///< as asked for
  std::optional<ClipHeads> heads{};        ///< as asked for
  bool openai_archive = false;
};

/// A complete `open_clip_config.json` for tensors of these sizes, to be corrected where it guesses: heads of 64
/// channels where `form` has none, QuickGELU.
std::string example_configuration(const ClipArchitecture& sizes, const ClipForm& form);

namespace detail {

/// Sets the activation of both towers and gives the reason. **Throws** `OptionError` when nothing decides it, and when
/// the caller, the checkpoint's metadata, and its configuration or modules say different things.
std::string decide_activation(ClipForm& form, const ClipArchitecture& sizes, const TensorFile& file,
                              const ClipEvidence& evidence);

/// Sets the heads of both towers where no configuration did, and gives the reason. **Throws** `OptionError` for a width
/// that nobody published, for heads that do not divide a width, and for those of a caller that a configuration or saved
/// modules contradict.
std::string decide_heads(ClipForm& form, const ClipArchitecture& sizes, const ClipEvidence& evidence);

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/decisions.ipp>
#endif
