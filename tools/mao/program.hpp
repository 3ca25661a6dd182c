// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The program `mao` with your own methods and labellers: link `mao::program`, and call `run` from `main`.

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "methods/registry.hpp"
#include "tune/labelers.hpp"

namespace mao::tool {

/// Something that the program is to know beside what it brings.
using Addition = std::function<void()>;

namespace detail {

/// Options of a method that has none.
struct NoOptions {};

template <class BackboneT>
struct OptionsOf {
  using Type = NoOptions;
};
template <class BackboneT>
requires requires { typename BackboneT::Options; }
struct OptionsOf<BackboneT> {
  using Type = typename BackboneT::Options;
};

/// A setting by its name on the command line: `first_layer` is `--set first-layer=...`. Of other types than these it
/// has its default.
template <class V>
void read_setting(mao_program::OptionReader& given, std::string name, V& value) {
  for (char& letter : name) letter = letter == '_' ? '-' : letter;
  if constexpr (std::same_as<V, bool>) {
    value = given.flag(name, value, "true or false");
  } else if constexpr (std::integral<V>) {
    value = static_cast<V>(given.integer(name, static_cast<std::int64_t>(value), "a whole number"));
  } else if constexpr (std::floating_point<V>) {
    value = static_cast<V>(given.number(name, static_cast<double>(value), "a number"));
  } else if constexpr (std::same_as<V, std::string>) {
    value = given.text(name, value, "a text");
  }
}

/// Every field of the options, by name; the seed is that of the run.
template <class OptionsT>
OptionsT read_options(mao_program::OptionReader& given) {
  OptionsT options;
  if constexpr (!std::same_as<OptionsT, NoOptions>) {
    mao::detail::for_each_field(options, [&](const char* field, auto& value) {
      if (std::string(field) != "seed") read_setting(given, field, value);
    });
  }
  return options;
}

template <class BackboneT, class OptionsT>
BackboneT make_method(const mao_program::MethodContext& context, OptionsT options) {
  if constexpr (requires { options.seed = context.seed; }) options.seed = context.seed;
  if constexpr (std::same_as<OptionsT, NoOptions>) {
    return BackboneT(context.opened.model, context.classes);
  } else {
    return BackboneT(context.opened.model, context.classes, std::move(options));
  }
}

/// **Throws** `OptionError` for a name that the program has already.
void expect_new(bool is_new, const std::string& kind, const std::string& name);

}  // namespace detail

/// A method: made of `std::shared_ptr<const mao::AnyModel>`, a `mao::ClassList` and, where it has one, its `Options`,
/// whose fields are `--set FIELD=VALUE`. Then `--method NAME` is known in `tune`, the protocols, sweeps, `methods`,
/// `predict`, `eval` and `export`. `prompts_towers`: it needs a CLIP.
template <class BackboneT>
Addition with_method(std::string name, std::string summary = "a method of this program", bool prompts_towers = false) {
  static_assert(explain::backbone<BackboneT>());
  return [=] {
    detail::expect_new(!mao_program::methods().contains(name) && name != "zero-shot", "--method", name);
    using OptionsT = typename detail::OptionsOf<BackboneT>::Type;
    const auto make = [](const mao_program::MethodContext& context, mao_program::OptionReader&, OptionsT options) {
      return detail::make_method<BackboneT>(context, std::move(options));
    };
    mao_program::MethodRegistration({.name = name, .summary = summary, .prompts_towers = prompts_towers},
                                    &detail::read_options<OptionsT>, make);
  };
}

/// The same of a method that is a template over its model.
template <template <PromptedTowers> class MethodT>
Addition with_method(std::string name, std::string summary = "a method of this program", bool prompts_towers = false) {
  return with_method<MethodT<AnyModel>>(std::move(name), std::move(summary), prompts_towers);
}

/// A labeller of MAO's new stage: `make(untuned, tuned)` is given the untuned model and the method after the base
/// stage, both bound to the new classes, and returns a `PseudoLabeler`. Then `--labeler NAME` is known wherever `--mao`
/// is.
template <class Make>
Addition with_labeler(std::string name, Make make) {
  using LabelerT = std::invoke_result_t<const Make&, ZeroShot<AnyModel>, AnyBackbone>;
  static_assert(explain::pseudo_labeler<LabelerT>());
  return [name = std::move(name), make = std::move(make)] {
    detail::expect_new(!mao_program::is_labeler(name), "--labeler", name);
    mao_program::own_labelers().emplace(
        name, [make](ZeroShot<AnyModel> untuned, AnyBackbone tuned) -> mao_program::AnyLabeler {
          ClassList classes = tuned.classes();
          auto labeler = std::make_shared<LabelerT>(make(std::move(untuned), std::move(tuned)));
          return {[labeler](const ImageBatch& images) { return labeler->label(images); },
                  {},
                  std::move(classes),
                  description_of(*labeler)};
        });
    mao_program::labeler_names().push_back(name);
  };
}

/// The program with these words of the command line; the exit code. Errors are printed, none is thrown.
int run(int argc, char** argv, const std::vector<Addition>& additions);

/// `return mao::tool::run(argc, argv, mao::tool::with_method<TaskRes>("taskres"));`
template <std::convertible_to<Addition>... Additions>
int run(int argc, char** argv, const Additions&... additions) {
  return run(argc, argv, std::vector<Addition>{Addition(additions)...});
}

}  // namespace mao::tool
