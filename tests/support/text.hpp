// SPDX-License-Identifier: Apache-2.0
#pragma once
// What several tests of tokenizers need: random strings, unique folders, a small own vocabulary, the real one if there.

#include <filesystem>
#include <optional>
#include <random>
#include <string>

#include <mao/core/error.hpp>
#include <mao/text/detail/unicode.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/vocabulary.hpp>
#include <support/golden.hpp>
#include <support/temporary_folder.hpp>

namespace mao_test {

inline std::string random_bytes(std::mt19937& random, std::size_t most) {
  std::string bytes(random() % (most + 1), ' ');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xFF);
  return bytes;
}

/// Code points of many scripts, as UTF-8.
inline std::string random_text(std::mt19937& random, std::size_t most) {
  const auto range = [&](char32_t low, char32_t high) { return low + static_cast<char32_t>(random() % (high - low)); };
  std::string text;
  for (std::size_t left = random() % (most + 1); left > 0; --left) {
    const unsigned kind = random() % 8;
    mao::append_utf8(text, kind < 4    ? range(0x20, 0x7F)
                           : kind == 4 ? range(0xA0, 0x250)
                           : kind == 5 ? range(0x370, 0x3000)
                           : kind == 6 ? range(0x3000, 0x10000)
                                       : range(0x1F300, 0x1F700));
  }
  return text;
}

/// Four merges: "lo", "low" at the end of a word, "er" at the end of a word, "ne".
inline mao::ClipTokenizer small_tokenizer() {
  return mao::ClipTokenizer(mao::MergeList{{"l", "o"}, {"lo", "w</w>"}, {"e", "r</w>"}, {"n", "e"}});
}

/// CLIP's real tokenizer, when a vocabulary is on this machine.
inline const mao::ClipTokenizer* clip_tokenizer() {
  static const std::optional<mao::ClipTokenizer> tokenizer = []() -> std::optional<mao::ClipTokenizer> {
    try {
      const auto shared = shared_folder();
      const auto given = shared ? *shared / "data/text/bpe_simple_vocab_16e6.txt.gz" : fs::path();
      return mao::ClipTokenizer::load(mao::find_clip_vocabulary(fs::exists(given) ? given : fs::path()));
    } catch (const mao::FileError&) {
      return std::nullopt;
    }
  }();
  return tokenizer ? &*tokenizer : nullptr;
}

}  // namespace mao_test
