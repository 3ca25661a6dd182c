// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The configuration file beside a checkpoint: open_clip's, Hugging Face's or mao's own.

#include <filesystem>
#include <optional>
#include <string>

#include <mao/models/detail/configured.hpp>
#include <mao/models/detail/names.hpp>

namespace mao {

namespace detail {

Activation named_activation(const std::string& name, const std::string& where);

}  // namespace detail

/// Reads a configuration file of any of these libraries.
///
/// **Throws** `FormatError`, `OptionError` naming the file and the unknown or unsupported key.
ClipConfiguration read_clip_configuration(const std::filesystem::path& path);

/// The configuration beside a checkpoint (a file or a folder): `open_clip_config.json` or `config.json`. The file of
/// the library whose names the tensors have comes first.
std::optional<ClipConfiguration> configuration_beside(const std::filesystem::path& checkpoint, ClipLayout layout);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/configuration.ipp>
#endif
