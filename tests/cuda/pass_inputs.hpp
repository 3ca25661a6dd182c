// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What goes into a pass of the text tower.

#include <vector>

#include <mao/models/block_prompts.hpp>
#include <mao/models/text_batch.hpp>

namespace mao_test {

struct PassInputs {
  mao::TextBatch batch;
  mao::BlockPrompts prompts;

  /// Prefix, suffix, and each part of the prompts that there is.
  [[nodiscard]] std::vector<mao::Tensor> leaves() const {
    std::vector<mao::Tensor> parts{batch.prefix, batch.suffix};
    mao::detail::append_parts(prompts, parts);
    std::erase_if(parts, [](const mao::Tensor& part) { return !part.defined(); });
    return parts;
  }
};

}  // namespace mao_test
