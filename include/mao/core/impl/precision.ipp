// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/precision.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE Precision precision_from(const std::string& text) {
  require<OptionError>(text == "fp32" || text == "bf16", "precision \"", text, "\", expected fp32 or bf16");
  return text == "fp32" ? Precision::Fp32 : Precision::Bf16;
}

}  // namespace mao
