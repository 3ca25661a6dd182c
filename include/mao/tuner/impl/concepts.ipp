// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/concepts.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE void expect_mining(const BackboneTraits& traits, const std::string& name) {
  require<OptionError>(
      !traits.brings_negatives, name,
      ": this method brings its own hard negatives, and MAO's base stage would mine them twice; tune its "
      "host with MAO instead");
  require<OptionError>(!traits.ignores_labels, name,
                       ": this method has no loss over labels, so MAO's base stage has nothing to act on; train it "
                       "plain");
}

}  // namespace mao
