// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/block_prompts.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE void append_parts(const BlockPrompts& prompts, std::vector<Tensor>& to) {
  for (const BlockPrompt& prompt : prompts) {
    to.push_back(prompt.replacement);
    to.push_back(prompt.attended);
  }
}

MAO_INLINE BlockPrompts detached(const BlockPrompts& prompts, std::size_t blocks) {
  const auto alone = [](const Tensor& x) { return x.defined() ? x.detach() : x; };
  BlockPrompts result;
  for (std::size_t i = 0; i < blocks; ++i) {
    const BlockPrompt prompt = prompt_of(prompts, i);
    result.push_back({alone(prompt.replacement), alone(prompt.attended)});
  }
  return result;
}

MAO_INLINE void check_depth(const BlockPrompts& prompts, std::size_t blocks, const std::string& tower) {
  require<OptionError>(prompts.size() <= blocks, tower, ": prompts for ", prompts.size(), " blocks, the tower has ",
                       blocks, "; choose a smaller depth");
}

}  // namespace mao::detail
