// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// open_clip's configuration of a CLIP: `open_clip_config.json` of a hub folder, or one of its model_configs.
///
/// **Source** open_clip 3.3.0: CLIPVisionCfg, CLIPTextCfg, `_build_vision_tower`, `_build_text_tower`.

#include <string>

#include <mao/models/detail/configured.hpp>

namespace mao {

/// Reads `open_clip_config.json`, or only the content of its `model_cfg`. `where` names the file.
///
/// **Throws** `FormatError`, `OptionError` naming file and key.
ClipConfiguration read_open_clip_config(const nlohmann::json& file, const std::string& where);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/open_clip_config.ipp>
#endif
