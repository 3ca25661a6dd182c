// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Image towers of timm in open_clip's configuration: what `timm_model_name`, `timm_pool` and `timm_proj` mean.
///
/// **Source** timm 1.0.31: vision_transformer.py, vision_transformer_hybrid.py, eva.py. open_clip 3.3.0: timm_model.py.

#include <mao/models/detail/config_section.hpp>
#include <mao/models/detail/configured.hpp>

namespace mao::detail {

/// Reads `vision_cfg`. **Throws** `OptionError` naming the key for an image tower that mao does not have.
void read_timm_vision(ConfigSection vision, ClipConfiguration& result);

/// Settings of dropout change no feature. **Throws** `FormatError` or `OptionError` for values at which the library
/// stops.
void expect_patch_dropout(ConfigSection& vision);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/timm_config.ipp>
#endif
