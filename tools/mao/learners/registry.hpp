// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The methods that `--learner` knows. Each is one file of this folder; see README.md here.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <mao/optimizers/optimizer.hpp>

#include "learners/any_backbone.hpp"
#include "learners/option_reader.hpp"
#include "models/models.hpp"

namespace mao_program {

/// What a method is made of.
struct LearnerContext {
  OpenedModel opened;
  ClassList classes;
  std::uint64_t seed = 1;

  /// A depth that was not asked for, made to fit the tower. `layers`: of the tower.
  [[nodiscard]] std::int64_t fitting(const OptionReader& options, const std::string& name, std::int64_t depth,
                                     std::int64_t layers) const {
    return options.given(name) ? depth : std::min(depth, layers);
  }
};

/// A method by name.
struct LearnerInfo {
  std::string name;
  std::string summary;  ///< one line: what is learned, and whose method it is
  bool prompts_towers = false;   ///< needs a CLIP: its image tower or deeper blocks are prompted
  bool prompts_images = false;   ///< its image tower is prompted, so features cannot be kept in place of pixels
  bool ignores_labels = false;   ///< nothing for MAO's base stage to act on
  bool brings_negatives = false; ///< trains with its own sampler and loss (DPC)
  bool transfers = true;         ///< can be bound to classes it has not seen
  OptimizerOptions optimizer{};  ///< unless told otherwise
  std::string reference{};       ///< its name in reference checkpoints; empty when there are none
  std::function<AnyBackbone(const LearnerContext&, OptionReader&)> make{};
  std::function<void(OptionReader&)> describe{};  ///< asks for every option
};

/// All methods by name.
std::map<std::string, LearnerInfo>& learners();

/// **Throws** `OptionError` for an unknown name, listing the known ones.
const LearnerInfo& learner_named(const std::string& name);

/// The method with its options. **Throws** `OptionError` for an option it does not have, or a model that it cannot be
/// tuned on.
AnyBackbone make_backbone(const LearnerInfo& info, const LearnerContext& context,
                          const std::map<std::string, std::string>& options);

/// Adds a method to `learners()`. `read` turns names into the method's options, `make` builds it from them.
struct LearnerRegistration {
  template <class OptionsT, class BackboneT>
  LearnerRegistration(LearnerInfo info, OptionsT (*read)(OptionReader&),
                      BackboneT (*make)(const LearnerContext&, OptionReader&, OptionsT)) {
    info.describe = [read](OptionReader& options) { static_cast<void>(read(options)); };
    info.make = [read, make](const LearnerContext& context, OptionReader& options) {
      return AnyBackbone(make(context, options, read(options)));
    };
    info.prompts_images = !FrozenImageTower<BackboneT>;
    info.ignores_labels = IgnoresLabels<BackboneT>;
    info.brings_negatives = BringsNegatives<BackboneT>;
    learners().emplace(info.name, std::move(info));
  }
};

}  // namespace mao_program
