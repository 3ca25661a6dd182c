// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learns the merges of a small byte-pair vocabulary from captions; text/bpe.hpp or text/piece_tokenizer.hpp tokenizes
/// with them.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mao/text/detail/merges.hpp>

namespace mao::embedded {

/// What shows in a symbol where words begin or end.
enum class WordMark {
  End,   ///< CLIP's `</w>` on the last letter
  Space  ///< SentencePiece's mark before a word that follows a space or begins the text
};

/// The mark of a space.
inline constexpr const char* space_symbol = "\u2581";

namespace detail {

using Symbols = std::vector<std::string>;

/// The words of lower-case ASCII texts as CLIP splits them: runs of letters, single other characters.
inline std::map<Symbols, std::size_t> counted_words(const std::vector<std::string>& texts, WordMark mark) {
  std::map<Symbols, std::size_t> words;
  Symbols word;
  const auto finish = [&] {
    if (word.empty()) return;
    if (mark == WordMark::End) word.back() += "</w>";
    ++words[word];
    word.clear();
  };
  for (const std::string& text : texts) {
    bool spaced = true;
    for (const char c : text) {
      const bool letter = c >= 'a' && c <= 'z';
      if (!letter) finish();
      if (std::exchange(spaced, c == ' ') && c != ' ' && mark == WordMark::Space) word.emplace_back(space_symbol);
      if (c == ' ') continue;
      word.emplace_back(1, c);
      if (!letter) finish();
    }
    finish();
  }
  return words;
}

/// The word with every neighbouring pair `merge` joined, from the left.
inline Symbols joined(const Symbols& word, const MergeList::value_type& merge) {
  Symbols result;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (i + 1 < word.size() && word[i] == merge.first && word[i + 1] == merge.second) {
      result.push_back(word[i] + word[i + 1]);
      ++i;
    } else {
      result.push_back(word[i]);
    }
  }
  return result;
}

}  // namespace detail

/// Joins the most frequent pair (the first in order among equals) until every word is one symbol or there are `limit`
/// merges.
inline MergeList learned_merges(const std::vector<std::string>& texts, std::size_t limit,
                                WordMark mark = WordMark::End) {
  std::map<detail::Symbols, std::size_t> words = detail::counted_words(texts, mark);
  MergeList merges;
  while (merges.size() < limit) {
    std::map<MergeList::value_type, std::size_t> pairs;
    for (const auto& [word, count] : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) pairs[{word[i], word[i + 1]}] += count;
    }
    if (pairs.empty()) break;
    auto best = pairs.begin();
    for (auto each = pairs.begin(); each != pairs.end(); ++each) {
      if (each->second > best->second) best = each;
    }
    merges.push_back(best->first);
    std::map<detail::Symbols, std::size_t> next;
    for (const auto& [word, count] : words) next[detail::joined(word, best->first)] += count;
    words = std::move(next);
  }
  return merges;
}

}  // namespace mao::embedded
