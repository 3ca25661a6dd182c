// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/deep.hpp>

#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/prompts/context.hpp>

namespace mao::detail {

MAO_INLINE void check_depth(std::int64_t depth, std::int64_t layers, const char* what) {
  require<OptionError>(depth <= layers, what, " = ", depth, ", the tower has ", layers, " blocks; choose at most ",
                       layers);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE DeepPrompts::DeepPrompts(std::int64_t depth, std::int64_t count, std::int64_t width,
                                    const std::string& prefix, const std::string& suffix, const Rng& rng) {
  require<OptionError>(depth >= 1 && count >= 1, "deep prompts of depth ", depth, " with ", count,
                       " vectors; both are at least 1 (the papers use depth 9 or 12 and 2 or 4 vectors)");
  for (std::int64_t block = 1; block < depth; ++block) {
    const std::string name = prefix + std::to_string(block) + suffix;
    parameters_.push_back({name, parameter(normal_tensor({count, width}, 0.02, rng[name]))});
  }
}

MAO_INLINE BlockPrompts DeepPrompts::block_prompts() const {
  BlockPrompts prompts;
  if (!parameters_.empty()) prompts.emplace_back();
  for (const Parameter& parameter : parameters_) prompts.push_back({.replacement = parameter.value, .attended = {}});
  return prompts;
}

MAO_INLINE ParameterList VisionPrompt::parameters() const {
  if (!tokens_.value.defined()) return {};
  ParameterList all{tokens_};
  all.insert(all.end(), deep_.parameters().begin(), deep_.parameters().end());
  return all;
}

}  // namespace mao
