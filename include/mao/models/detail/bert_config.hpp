// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Text towers of transformers in open_clip's configuration: what `hf_model_name`, `hf_pooler_type` and `hf_proj_type`
/// mean. Of those, mao has uncased BERTs.
///
/// **Source** open_clip 3.3.0: CLIPTextCfg, HFTextEncoder, HFTokenizer. transformers 5.24: BertConfig.

#include <mao/models/detail/config_section.hpp>
#include <mao/models/detail/configured.hpp>

namespace mao::detail {

/// Reads a `text_cfg` with `hf_model_name`. The BERT is known by that name, or described by the `config.json` in the
/// folder of `result.where`. **Throws** `OptionError` naming the key for a tower that mao does not have.
void read_bert_text(ConfigSection text, ClipConfiguration& result);

/// The object of `tokenizer_kwargs`, in any text tower. **Throws** `OptionError` for a null, at which open_clip stops.
ConfigSection tokenizer_keywords(ConfigSection& text);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/bert_config.ipp>
#endif
