// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/adapter.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE Adapter::Adapter(const std::string& name, std::int64_t width, double share, const Rng& rng)
    : share_(share),
      down_(name + ".fc.0", width, width / 4, rng, Linear::Bias::No),
      up_(name + ".fc.2", width / 4, width, rng, Linear::Bias::No) {
  require<OptionError>(share >= 0 && share <= 1, name, ": a share of ", share,
                       ", expected 0 to 1 (CoPrompt: 0.1, 0.2)");
}

MAO_INLINE void Adapter::append_to(ParameterList& list) const {
  down_.append_to(list);
  up_.append_to(list);
}

}  // namespace mao
