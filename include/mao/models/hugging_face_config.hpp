// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The `config.json` of Hugging Face's CLIPModel and SiglipModel.
///
/// **Source** transformers 5.24: CLIPConfig, CLIPTextConfig, CLIPVisionConfig, modeling_clip.py, and the same of
/// siglip.

#include <string>

#include <mao/models/detail/config_section.hpp>
#include <mao/models/detail/configured.hpp>

namespace mao {

namespace detail {

/// Asks for the keys that every configuration of transformers may have, for training, generation and bookkeeping.
/// **Throws** `OptionError` for pruned heads and quantised weights.
void ignore_generic_keys(ConfigSection& section);

}  // namespace detail

/// Reads the `config.json` of a CLIPModel or SiglipModel. `where` names the file.
///
/// **Throws** `FormatError`, `OptionError` naming file and key.
ClipConfiguration read_hugging_face_config(const nlohmann::json& file, const std::string& where);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/hugging_face_config.ipp>
#endif
