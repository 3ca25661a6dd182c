// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/ivlp.hpp>

#include "methods/deep_prompt_options.hpp"

namespace mao_program {

namespace {

const auto ivlp_registration =
    register_method<Ivlp<AnyModel>>({.name = "ivlp",
                                     .summary = "independent deep prompts in both towers (IVLP)",
                                     .prompts_towers = true,
                                     .reference = "ivlp"},
                                    read_deep_prompts<IvlpOptions>, fit_deep_prompts<IvlpOptions>);

}  // namespace

}  // namespace mao_program
