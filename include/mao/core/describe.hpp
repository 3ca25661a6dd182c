// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a policy says of itself, so that a training which resumes can be compared with the one that was saved.

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/core/detail/setting_text.hpp>

namespace mao {

/// A name, and settings by name. A text is a name with everything in it.
struct Description {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings{};

  Description() = default;
  Description(std::string text) : name(std::move(text)) {}  // NOLINT: converts on purpose
  Description(const char* text) : name(text) {}             // NOLINT

  /// This and one setting more: a number, a text, an enumerator, a list of them, or what another policy says of itself.
  template <class V>
  [[nodiscard]] Description with(const std::string& setting, const V& value) const {
    Description more = *this;
    more.add(setting, value);
    return more;
  }

  /// This without a setting that changes no number.
  [[nodiscard]] Description without(std::string_view setting) const;

  /// On one line.
  [[nodiscard]] std::string text() const;

  void add(const std::string& setting, const Description& of);
  template <class V>
  void add(const std::string& setting, const V& value) {
    if constexpr (detail::NamedFields<V>) {
      detail::for_each_field(value, [&](const char* field, const auto& part) { add(setting + "." + field, part); });
    } else {
      settings.emplace_back(setting, detail::setting_text(value));
    }
  }

  bool operator==(const Description&) const = default;
};

/// `name` and every field of a policy's options, an aggregate with the names of its fields:
///
///     struct Options { double share = 0.1; int steps = 4; static constexpr const char* fields[] = {"share", "steps"};
///     };
///
/// A field without a name does not compile, so that a new setting cannot be left out.
template <class OptionsT>
Description described(std::string name, const OptionsT& options) {
  Description all(std::move(name));
  detail::for_each_field(options, [&](const char* field, const auto& value) { all.add(field, value); });
  return all;
}

/// A policy that says its name and every setting that its numbers depend on, the same at any time: `describe()` gives a
/// `Description`, or a text.
template <class P>
concept DescribesItself = requires(const P& policy) {
  { policy.describe() } -> std::convertible_to<Description>;
};

/// What a policy says of itself; of one that says nothing, its type, with `of_template` without what it is a template
/// over (a model, a host).
template <class P>
Description description_of(const P& policy, [[maybe_unused]] bool of_template = false) {
  if constexpr (DescribesItself<P>) {
    return policy.describe();
  } else {
    const std::string type = detail::type_text(typeid(P));
    return of_template ? type.substr(0, type.find('<')) : type;
  }
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/describe.ipp>
#endif
