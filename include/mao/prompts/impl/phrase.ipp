// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/phrase.hpp>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/class_list.hpp>

namespace mao {

MAO_INLINE Tensor normal_tensor(const std::vector<std::int64_t>& shape, double deviation, Rng rng) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(deviation * rng.normal());
  return at::tensor(values).view(shape);
}

MAO_INLINE ContextPhrase ContextPhrase::placeholders(std::int64_t n) {
  ContextPhrase phrase{"", n, n};
  for (std::int64_t i = 0; i < n; ++i) phrase.prefix += i == 0 ? "X" : " X";
  return phrase;
}

MAO_INLINE ContextPhrase ContextPhrase::words(const std::string& text) {
  ContextPhrase phrase{readable(text), 1, 0};
  for (const char c : phrase.prefix) phrase.length += c == ' ' ? 1 : 0;
  return phrase;
}

MAO_INLINE ContextPhrase ContextPhrase::first_words(const std::string& text, std::int64_t n) {
  require<OptionError>(n > 0, "a context of ", n, " vectors; at least 1 is needed (the papers use 2, 4 or 16)");
  ContextPhrase phrase = words(text);
  if (text.empty() || phrase.length < n) return placeholders(n);
  phrase.length = n;
  return phrase;
}

MAO_INLINE ContextPhrase ContextPhrase::last_words(const std::string& text, std::int64_t n) {
  ContextPhrase phrase = words(text);
  require<OptionError>(phrase.length <= n, "the context \"", text, "\" has ", phrase.length, " words for ", n,
                       " vectors; use at least ", phrase.length, " vectors or a shorter phrase");
  if (phrase.length == n) return phrase;
  const std::int64_t unnamed = n - phrase.length;
  return {placeholders(unnamed).prefix + " " + phrase.prefix, n, unnamed};
}

}  // namespace mao
