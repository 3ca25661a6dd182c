// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The options of a method that a program of your own adds, by the names of their fields.

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include <mao/core/describe.hpp>

#include "methods/registry.hpp"

namespace mao::tool::detail {

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

}  // namespace mao::tool::detail
