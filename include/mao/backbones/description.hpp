// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The description of a method with its model and, if it is used as a teacher, its learned parameters.

#include <concepts>
#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/describe.hpp>

namespace mao {

/// A backbone with a `model()` that has a fingerprint (a hash of its weights).
template <class B>
concept KnowsItsModel = requires(const B& backbone) {
  { backbone.model().fingerprint() } -> std::convertible_to<std::string>;
};

/// The description of a backbone (its type if it has none), and the fingerprint of its model if there is
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

/// A hash of the tensors, to distinguish the parameters of two backbones; "nothing" if there are none.
std::string content_text(const ParameterList& parameters);

/// The current description of a backbone that a labeller or a method uses as a teacher.
template <Backbone B>
Description description_of_learned(B& backbone) {
  return method_description(backbone).with("learned", Description(content_text(backbone.parameters())));
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/description.ipp>
#endif
