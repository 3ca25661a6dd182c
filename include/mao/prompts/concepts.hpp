// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The position of the context tokens in a prompt.

#include <string_view>

namespace mao {

/// The place of the class name relative to the context (CoOp's CLASS_TOKEN_POSITION).
enum class ClassPosition {
  End,     ///< start, context, name, "." (the default everywhere)
  Middle,  ///< start, first half of the context, name, the other half, "."
  Front,   ///< start, name, context, "."
};

std::string_view name_of(ClassPosition position);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/concepts.ipp>
#endif
