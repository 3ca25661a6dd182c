// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The methods that `--method` knows. Each is one file of this folder; see README.md here.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <mao/optimizers/optimizer.hpp>

#include "methods/any_backbone.hpp"
#include "methods/option_reader.hpp"
#include "models/models.hpp"

namespace mao_program {

/// What a method is made of.
struct MethodContext {
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
struct MethodInfo {
  std::string name;
  std::string summary;            ///< one line: what is learned, and whose method it is
  bool prompts_towers = false;    ///< needs a CLIP: its image tower or deeper blocks are prompted
  bool prompts_images = false;    ///< its image tower is prompted, so features cannot be kept in place of pixels
  bool ignores_labels = false;    ///< nothing for MAO's base stage to act on
  bool brings_negatives = false;  ///< trains with its own sampler and loss (DPC)
  bool transfers = true;          ///< can be bound to classes it has not seen
  OptimizerOptions optimizer{};   ///< unless told otherwise
  std::string reference{};        ///< its name in reference checkpoints; empty when there are none
  std::function<AnyBackbone(const MethodContext&, OptionReader&)> make{};
  std::function<void(OptionReader&)> describe{};  ///< asks for every option
};

/// All methods by name.
std::map<std::string, MethodInfo>& methods();

/// **Throws** `OptionError` for an unknown name, listing the known ones.
const MethodInfo& method_named(const std::string& name);

/// The method with its options. **Throws** `OptionError` for an option it does not have, or a model that it cannot be
/// tuned on.
AnyBackbone make_backbone(const MethodInfo& info, const MethodContext& context,
                          const std::map<std::string, std::string>& options);

/// Adds a method to `methods()`. `read` turns names into the method's options, `make` builds it from them.
struct MethodRegistration {
  template <class OptionsT, class BackboneT>
  MethodRegistration(MethodInfo info, OptionsT (*read)(OptionReader&),
                     BackboneT (*make)(const MethodContext&, OptionReader&, OptionsT)) {
    info.describe = [read](OptionReader& options) { static_cast<void>(read(options)); };
    info.make = [read, make](const MethodContext& context, OptionReader& options) {
      return AnyBackbone(make(context, options, read(options)));
    };
    info.prompts_images = !FrozenImageTower<BackboneT>;
    info.ignores_labels = IgnoresLabels<BackboneT>;
    info.brings_negatives = BringsNegatives<BackboneT>;
    methods().emplace(info.name, std::move(info));
  }
};

}  // namespace mao_program
