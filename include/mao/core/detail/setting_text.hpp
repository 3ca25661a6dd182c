// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The fields of an aggregate, one after the other; numbers, values and types as texts that tell any two apart.

#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace mao::detail {

/// The shortest digits that give the number back.
std::string exact_text(double value);
std::string whole_text(long long value);
std::string whole_text(unsigned long long value);

/// The name at a place of a list, and the number itself outside it.
std::string listed_text(std::span<const std::string_view> names, long long place);

/// A type as the source spells it; compilers differ in details.
std::string type_text(const std::type_info& type);

/// Converts to anything, so that an aggregate can be made of as many of it as it has fields.
struct AnyField {
  template <class T>
  operator T() const;  // NOLINT: converts on purpose
};
template <std::size_t>
using FieldAt = AnyField;

template <class T, std::size_t... place>
consteval bool makes(std::index_sequence<place...>) {
  return requires { T{FieldAt<place>{}...}; };
}

inline constexpr std::size_t most_fields = 16;

/// How many fields an aggregate has.
template <class T, std::size_t count = most_fields>
consteval std::size_t count_fields() {
  static_assert(std::is_aggregate_v<T>, "mao: the options of a policy are an aggregate, without a constructor");
  static_assert(!makes<T>(std::make_index_sequence<most_fields + 1>()),
                "mao: options with more fields than for_each_field knows");
  if constexpr (count == 0 || makes<T>(std::make_index_sequence<count>())) {
    return count;
  } else {
    return count_fields<T, count - 1>();
  }
}

/// An aggregate that names its fields.
template <class T>
concept NamedFields = requires {
  std::size(T::fields);
};

/// What a structured binding of that many names gives, passed on to `use`.
// clang-format off
template <std::size_t count, class T, class Use>
void with_fields(T& all, Use&& use) {
  if constexpr (count == 1) { auto& [a] = all; use(a);
  } else if constexpr (count == 2) { auto& [a, b] = all; use(a, b);
  } else if constexpr (count == 3) { auto& [a, b, c] = all; use(a, b, c);
  } else if constexpr (count == 4) { auto& [a, b, c, d] = all; use(a, b, c, d);
  } else if constexpr (count == 5) { auto& [a, b, c, d, e] = all; use(a, b, c, d, e);
  } else if constexpr (count == 6) { auto& [a, b, c, d, e, f] = all; use(a, b, c, d, e, f);
  } else if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = all; use(a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto& [a, b, c, d, e, f, g, h] = all;
    use(a, b, c, d, e, f, g, h);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = all;
    use(a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = all;
    use(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = all;
    use(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = all;
    use(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (count == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = all;
    use(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (count == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = all;
    use(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (count == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = all;
    use(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = all;
    use(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}
// clang-format on

/// `use(name, value)` for each field of an aggregate.
template <class T, class Use>
void for_each_field(T& all, Use&& use) {
  using Plain = std::remove_const_t<T>;
  static_assert(NamedFields<Plain>,
                "mao: these options do not name their fields: add `static constexpr const char* fields[] = {...};`, a "
                "name for each; see docs/reference/core.md");
  if constexpr (NamedFields<Plain>) {
    constexpr std::size_t count = count_fields<Plain>();
    static_assert(std::size(Plain::fields) == count,
                  "mao: `fields` of these options does not have a name for each of their fields");
    with_fields<count>(all, [&](auto&... values) {
      std::size_t place = 0;
      (use(Plain::fields[place++], values), ...);
    });
  }
}

/// How the source names a value; "(mao::Kind)7" and the like for one without a name.
template <auto value>
consteval std::string_view spelling() {
  std::string_view text = __PRETTY_FUNCTION__;  // "... [with auto value = mao::Kind::Sgd; ...]", "[value = ...]"
  text.remove_prefix(text.find("value = ") + 8);
  text = text.substr(0, text.find_first_of(";]"));
  return text.substr(text.rfind(':') + 1);
}

template <class E, std::size_t... place>
std::string enumerator_text(E value, std::index_sequence<place...>) {
  static constexpr std::string_view names[] = {spelling<static_cast<E>(place)>()...};
  return listed_text(names, static_cast<long long>(value));
}

std::string quoted_setting(std::string_view text);
/// A short list as it is, of a longer one the number, the first and a number over all.
std::string list_text(const std::vector<std::string>& values);

/// A value that tells any two settings of its type apart.
template <class V>
std::string setting_text(const V& value) {
  if constexpr (std::same_as<V, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<V>) {
    return enumerator_text(value, std::make_index_sequence<most_fields>());
  } else if constexpr (std::integral<V>) {
    using Widest = std::conditional_t<std::signed_integral<V>, long long, unsigned long long>;
    return whole_text(static_cast<Widest>(value));
  } else if constexpr (std::floating_point<V>) {
    return exact_text(static_cast<double>(value));
  } else if constexpr (std::convertible_to<const V&, std::string_view>) {
    return quoted_setting(value);
  } else if constexpr (std::ranges::range<const V>) {
    std::vector<std::string> all;
    for (const auto& one : value) all.push_back(setting_text(one));
    return list_text(all);
  } else {
    static_assert(
        requires { static_cast<bool>(value); },
        "mao: a setting that is not a number, text, enumerator or list of those: leave it out of the options, or "
        "describe it with `Description::with`");
    return static_cast<bool>(value) ? "given" : "none";
  }
}

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/setting_text.ipp>
#endif
