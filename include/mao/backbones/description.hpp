// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a method says of itself, with the model that it is on and, where it is asked for answers, what it has learned.

#include <concepts>
#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/describe.hpp>

namespace mao {

/// A backbone that gives its model, which has a fingerprint: a number over its weights.
template <class B>
concept KnowsItsModel = requires(const B& backbone) {
  { backbone.model().fingerprint() } -> std::convertible_to<std::string>;
};

/// What a backbone says of itself (its type where it says nothing), and the fingerprint of its model where that has
/// one.
template <class B>
Description method_description(const B& backbone) {
  const Description all = description_of(backbone, /*of_template=*/true);
  if constexpr (KnowsItsModel<B>) {
    const std::string fingerprint = backbone.model().fingerprint();
    return all.with("model", Description(fingerprint));
  } else {
    return all;
  }
}

/// A number over the tensors, to tell apart what two backbones have learned; "nothing" for none.
std::string content_text(const ParameterList& parameters);

/// The description of a backbone that others ask for answers (a labeller, a teacher), as it is now.
template <Backbone B>
Description description_of_learned(B& backbone) {
  return method_description(backbone).with("learned", Description(content_text(backbone.parameters())));
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/description.ipp>
#endif
