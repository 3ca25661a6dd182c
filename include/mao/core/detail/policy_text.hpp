// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The name and settings of a policy as a text, so that a saved training can be compared with another.

#include <cxxabi.h>

#include <concepts>
#include <string>
#include <typeinfo>

namespace mao {

/// A policy that says its name and every setting that its numbers depend on, the same at any time.
template <class P>
concept DescribesItself = requires(const P& policy) {
  { policy.describe() } -> std::convertible_to<std::string>;
};

namespace detail {

/// The shortest digits that give the number back.
std::string exact_text(double value);
inline std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

/// A type as the source spells it; compilers differ in details.
std::string type_text(const std::type_info& type);

}  // namespace detail

/// What a policy says of itself (`describe()`); of one that says nothing, its type.
template <class P>
std::string policy_text(const P& policy) {
  if constexpr (DescribesItself<P>) {
    return policy.describe();
  } else {
    return detail::type_text(typeid(P));
  }
}

/// The same of a method; of one that says nothing its type alone, whatever model or host it is a template over.
template <class B>
std::string method_text(const B& backbone) {
  const std::string text = policy_text(backbone);
  if constexpr (DescribesItself<B>) return text;
  return text.substr(0, text.find('<'));
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/policy_text.ipp>
#endif
