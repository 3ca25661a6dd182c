// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/description.hpp>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>

namespace mao {

MAO_INLINE std::string content_text(const ParameterList& parameters) {
  if (parameters.empty()) return "nothing";
  detail::ContentHash hash;
  for (const Parameter& parameter : parameters) {
    const Tensor value = parameter.value.detach().cpu().contiguous();
    hash.add(parameter.name);
    hash.add(value.const_data_ptr(), value.nbytes());
  }
  return hash.text();
}

}  // namespace mao
