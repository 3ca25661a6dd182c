// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The methods that `--method` knows. Each is one file of this folder; see README.md here.

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
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
  std::string summary;           ///< one line: what is learned, and whose method it is
  bool prompts_towers = false;   ///< needs a CLIP: its image tower or deeper blocks are prompted
  BackboneTraits traits{};       ///< what its type says
  OptimizerOptions optimizer{};  ///< unless told otherwise
  std::string reference{};       ///< its name in reference checkpoints; empty when there are none
  std::function<AnyBackbone(const MethodContext&, OptionReader&)> make{};
  std::function<void(OptionReader&)> describe{};  ///< asks for every option

  /// Its image tower is prompted, so features cannot be kept in place of pixels.
  [[nodiscard]] bool prompts_images() const { return !traits.frozen_image_tower; }
};

/// All methods by name.
std::map<std::string, MethodInfo>& methods();

/// What `--method` takes: zero-shot, the untuned model, and the names of all methods.
std::vector<std::string> method_names();

/// **Throws** `OptionError` for an unknown name, listing the known ones.
const MethodInfo& method_named(const std::string& name);

/// The method with its options. **Throws** `OptionError` for an option it does not have, or a model that it cannot be
/// tuned on.
AnyBackbone make_backbone(const MethodInfo& info, const MethodContext& context,
                          const std::map<std::string, std::string>& options);

/// Adds a method to `methods()`. `read` turns names into the method's options, `make` builds it from them.
struct MethodRegistration {
  template <class OptionsT, class Make>
  MethodRegistration(MethodInfo info, OptionsT (*read)(OptionReader&), const Make& make) {
    using BackboneT = std::invoke_result_t<Make, const MethodContext&, OptionReader&, OptionsT>;
    info.describe = [read](OptionReader& options) { static_cast<void>(read(options)); };
    info.make = [read, make, name = info.name](const MethodContext& context, OptionReader& options) {
      OptionsT chosen = read(options);
      options.finish(name);
      return AnyBackbone(make(context, options, std::move(chosen)));
    };
    info.traits = traits_of<BackboneT>();
    methods().emplace(info.name, std::move(info));
  }
};

/// Makes depths that nobody asked for fit the model.
template <class OptionsT>
using FitToModel = void (*)(const MethodContext&, const OptionReader&, OptionsT&);

/// Adds a method that is made of the model, the classes and its options, which hold the seed.
template <class BackboneT, class OptionsT>
MethodRegistration register_method(MethodInfo info, OptionsT (*read)(OptionReader&),
                                   std::type_identity_t<FitToModel<OptionsT>> fit = nullptr) {
  const auto make = [fit](const MethodContext& context, OptionReader& given, OptionsT options) {
    if (fit != nullptr) fit(context, given, options);
    options.seed = context.seed;
    return BackboneT(context.opened.model, context.classes, options);
  };
  return {std::move(info), read, make};
}

}  // namespace mao_program
