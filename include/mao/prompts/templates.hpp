// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Hand-written sentences and their text features.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/detail/free_functions.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/models/concepts.hpp>
#include <mao/models/row_frame.hpp>

namespace mao {

/// `pattern` with `{}` replaced by the readable class name.
///
/// **Throws** `OptionError` unless the pattern has `{}` exactly once.
std::string fill_template(const std::string& pattern, const std::string& class_name);

/// The treatment of a sentence that is longer than the model's context.
enum class LongText {
  Refused,
  Cut,  ///< its last tokens are dropped, the end token stays: open_clip's default, transformers' `truncation=True`
};

/// The ids of a whole sentence without start and end, at most as many as the model's context allows.
///
/// **Throws** `DataError` naming a longer sentence, unless it may be cut.
template <VisionLanguageModel ModelT>
std::vector<std::int64_t> sentence_ids(const ModelT& model, const std::string& sentence,
                                       LongText longer = LongText::Refused) {
  auto ids = model.tokenize(sentence);
  const std::int64_t frame = frame_tokens(model), most = model.context_length() - frame, length = std::ssize(ids);
  require<DataError>(length <= most || longer == LongText::Cut, "\"", printable(sentence), "\" has ", length + frame,
                     " tokens with ", frame_text(model), ", the model takes ", most + frame, "; shorten it");
  ids.resize(static_cast<std::size_t>(std::min(length, most)));
  return ids;
}

/// Whole sentences as a `TextBatch`: the start token, where there is one, is the shared prefix.
///
/// **Throws** `DataError` as `sentence_ids`.
template <VisionLanguageModel ModelT>
TextBatch text_batch(const ModelT& model, const std::vector<std::string>& sentences,
                     LongText longer = LongText::Refused) {
  TextBatch batch;
  batch.offsets.push_back(0);
  std::vector<std::int64_t> ids;
  for (const std::string& sentence : sentences) {
    const auto tokens = sentence_ids(model, sentence, longer);
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    ids.push_back(model.end_token());
    batch.offsets.push_back(static_cast<std::int64_t>(ids.size()));
    batch.group.push_back(0);
  }
  batch.prefix = start_row(model).unsqueeze(0);
  batch.suffix = model.embed(detail::id_tensor(ids));
  return batch;
}

/// Frozen text features of whole sentences, without gradient. **Shape** [R, D], not normalised.
template <VisionLanguageModel ModelT>
Tensor sentence_features(const ModelT& model, const std::vector<std::string>& sentences,
                         LongText longer = LongText::Refused) {
  const at::NoGradGuard frozen;
  return model.encode_text(text_batch(model, sentences, longer));
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/templates.ipp>
#endif
