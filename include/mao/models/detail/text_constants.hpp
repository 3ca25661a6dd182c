// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What of a text tower's passes is the same in every one: the start token, which sees only itself, and the first
/// block's projections of words.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <mao/models/detail/fused_block.hpp>
#include <mao/models/detail/packed_attention.hpp>
#include <mao/models/detail/text_rows.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// Computed at the first use, kept for the next. Copies of a tower share one; so may threads.
class TextConstants {
 public:
  explicit TextConstants(std::shared_ptr<const std::vector<FusedBlock>> blocks) : blocks_(std::move(blocks)) {}

  /// Keys and values of the start token in each block. **Shape** token [1, W], its position added.
  [[nodiscard]] std::vector<ConstantRows> start(const Tensor& token) const;

  /// The first block's projections of the suffix tokens, found by token and position; undefined when a batch brings
  /// more new ones than are kept, or another embedding of a token. **Shape** tokens [N, W], positions added.
  [[nodiscard]] KnownRows words(const std::vector<std::int64_t>& ids, const TextRows& rows, const Tensor& tokens) const;

 private:
  using Word = std::pair<std::int64_t, std::int64_t>;  ///< token and position

  /// Of a width of 512 at most 34 MB. The names of 1,000 classes need about half.
  static constexpr std::ptrdiff_t most_words = 4096;
  /// Words are projected so many at a time, with zeros behind the last: what a word gets must not depend on how many
  /// came with it, or a run that was interrupted would end differently in the last bits.
  static constexpr std::int64_t words_at_once = 64;

  /// Gives a place to each word that has none; which of them these are.
  std::vector<std::int64_t> enter(const std::vector<Word>& words) const;

  void add(const Tensor& tokens) const;
  /// Other than the places there are after a pass that ran out of memory.
  [[nodiscard]] std::int64_t kept_words() const { return words_.defined() ? words_.size(0) : 0; }
  void forget() const {
    places_.clear();
    tokens_ = words_ = Tensor();
  }

  [[nodiscard]] std::vector<ConstantRows> states_of(const Tensor& token) const;

  std::shared_ptr<const std::vector<FusedBlock>> blocks_;
  mutable std::mutex mutex_;
  mutable Tensor token_;                         // the start token of start_
  mutable std::vector<ConstantRows> start_;      // one a block
  mutable std::map<Word, std::int64_t> places_;  // in tokens_ and words_
  mutable Tensor tokens_;                        // [k, W] as they entered
  mutable Tensor words_;                         // [k, 3W]
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/text_constants.ipp>
#endif
