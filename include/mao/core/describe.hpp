// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Descriptions of policies. When training resumes, they are compared with the saved ones.

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/core/detail/setting_text.hpp>

namespace mao {

/// A name, and settings by name. A plain text is a name without settings.
struct Description {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings{};

  Description() = default;
  Description(std::string text) : name(std::move(text)) {}  // NOLINT: converts on purpose
  Description(const char* text) : name(text) {}             // NOLINT

  /// Adds a setting: a number, a text, an enumerator, a list of these, or the description of another policy.
  template <class V>
  [[nodiscard]] Description with(std::string_view setting, const V& value) const {
    Description more;
    more.add(setting, value);
    return followed_by(more);
  }

  /// Removes a setting that does not affect results.
  [[nodiscard]] Description without(std::string_view setting) const;

  /// All of it on one line.
  [[nodiscard]] std::string text() const;

  void add(std::string_view setting, const Description& of);
  template <class V>
  void add(std::string_view setting, const V& value) {
    if constexpr (detail::NamedFields<V>) {
      const std::string prefix = std::string(setting) + ".";
      detail::for_each_field(value, [&](const char* field, const auto& part) { add(prefix + field, part); });
    } else {
      add_text(setting, detail::setting_text(value));
    }
  }

  bool operator==(const Description&) const = default;

 private:
  [[nodiscard]] Description followed_by(const Description& more) const;
  void add_text(std::string_view setting, std::string value);
};

/// A description with `name` and every field of a policy's options, an aggregate with the names of its fields:
///
///     struct Options { double share = 0.1; int steps = 4; static constexpr const char* fields[] = {"share", "steps"};
///     };
///
/// A field without a name does not compile, so a new setting cannot be forgotten.
template <class OptionsT>
Description described(std::string name, const OptionsT& options) {
  Description all(std::move(name));
  detail::for_each_field(options, [&](const char* field, const auto& value) { all.add(field, value); });
  return all;
}

/// A policy that states its name and every setting that affects its results. `describe()` returns a `Description` or a
/// text, and always the same one.
template <class P>
concept DescribesItself = requires(const P& policy) {
  { policy.describe() } -> std::convertible_to<Description>;
};

/// The description of a policy, or its type if it has none; with `of_template`, the type without its template arguments
/// (a model, a host).
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
