// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a model puts around the tokens of a text: an end token, and a start token where it has one.

#include <cstdint>
#include <vector>

#include <mao/core/detail/free_functions.hpp>
#include <mao/models/concepts.hpp>

namespace mao {

/// Whether rows begin with a token of the model's own. Those of SigLIP do not: its `start_token()` is -1.
template <VisionLanguageModel ModelT>
bool has_start(const ModelT& model) {
  return model.start_token() >= 0;
}

/// How many tokens a row has beside those of its text.
template <VisionLanguageModel ModelT>
std::int64_t frame_tokens(const ModelT& model) {
  return has_start(model) ? 2 : 1;
}

/// `start and end`, or `its end`, for messages.
template <VisionLanguageModel ModelT>
const char* frame_text(const ModelT& model) {
  return has_start(model) ? "start and end" : "its end";
}

/// The embedding of the start token. **Shape** [1, W], or [0, W] where there is none.
template <VisionLanguageModel ModelT>
Tensor start_row(const ModelT& model) {
  std::vector<std::int64_t> ids;
  if (has_start(model)) ids.push_back(model.start_token());
  return model.embed(detail::id_tensor(ids));
}

}  // namespace mao
