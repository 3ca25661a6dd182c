// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Plain shuffled batches of labelled images.

#include <cstdint>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/sampling/concepts.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mao {

/// Settings of `ShuffledSampler`.
struct ShuffledOptions {
  int batch = 32;
  bool drop_last = true;  ///< leave out an incomplete last batch unless it is the only one
  static constexpr const char* fields[] = {"batch", "drop_last"};
};

namespace detail {

/// Positions 0 .. count-1 in random order, split into groups of `batch`.
std::vector<std::vector<std::int64_t>> shuffled_groups(std::int64_t count, int batch, bool drop_last, Rng& rng);

/// The labels at these positions.
std::vector<std::int64_t> labels_at(const std::vector<std::int64_t>& labels,
                                    const std::vector<std::int64_t>& positions);

/// **Throws** `DataError` unless there are images and classes and every label is a position in the list, `OptionError`
/// for a batch size below 1.
void require_batches(std::string_view who, const std::vector<std::int64_t>& labels, const ClassList& classes,
                     int batch);

}  // namespace detail

/// Every image once per epoch, in random order.
///
/// `labels[i]` is the label of image i in the `ImageSource` of the tuner, a position in `classes`.
class ShuffledSampler {
 public:
  using Options = ShuffledOptions;

  /// **Throws** `OptionError` for a batch size below 1, `DataError` for no images or a label outside the list.
  ShuffledSampler(std::vector<std::int64_t> labels, ClassList classes, Options options = {})
      : labels_(std::move(labels)), classes_(std::move(classes)), options_(options) {
    detail::require_batches("ShuffledSampler", labels_, classes_, options_.batch);
  }

  /// The batches of one epoch.
  [[nodiscard]] std::vector<Batch> epoch(Rng& rng) const;

  [[nodiscard]] std::int64_t images() const { return static_cast<std::int64_t>(labels_.size()); }
  [[nodiscard]] const ClassList& classes() const { return classes_; }  ///< that the labels refer to
  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("ShuffledSampler", options_).with("images", images()); }

 private:
  std::vector<std::int64_t> labels_;
  ClassList classes_;
  Options options_;
};
static_assert(Sampler<ShuffledSampler> && StatesClasses<ShuffledSampler> && CountsImages<ShuffledSampler>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/sampling/impl/shuffled.ipp>
#endif
