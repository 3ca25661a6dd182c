// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MAO's data-driven enhancement: images of the most similar classes are added to each image.

#include <cstdint>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/sampling/batch_shape.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/sampling/similarity.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mao {

/// The replacement for a near class that is already in the batch.
enum class Fallback {
  Random,             ///< none, but random classes are added if there are fewer than `minimum` negatives
  RandomExceptFirst,  ///< the same, but class 0 is never drawn, as in the released code
  NextRanked  ///< the next near class, so a batch has b * K images if there are enough classes; ignores `minimum`
};

/// Settings of `HardNegativeSampler`; the defaults are the paper's, for 32 base classes or more (see
/// `automatic_batch`).
struct HardNegativeOptions {
  int batch = 4;                         ///< images before the negatives are added
  int k = 8;                             ///< near classes per image, including its own (A6)
  int minimum = 2;                       ///< negatives per image if there are unused classes, even if k is smaller
  NameForm names = NameForm::Spaces;     ///< spelling for the comparison (A9)
  Fallback fallback = Fallback::Random;  ///< (A8)
  bool drop_last = true;                 ///< leave out an incomplete last batch unless it is the only one
  static constexpr const char* fields[] = {"batch", "k", "minimum", "names", "fallback", "drop_last"};
};

namespace detail {

/// The negative classes of each anchor of a batch, in rank order, random ones last.
///
/// `anchors` are labels; `ranking_of(i)` lists the possible classes of anchor i, best first; `classes` is their total
/// number. No class occurs twice, and none is the label of an anchor. `draw` gets the unused classes and returns one.
template <class RankingOf, class Draw>
std::vector<std::vector<std::int64_t>> negative_classes(const std::vector<std::int64_t>& anchors, std::int64_t classes,
                                                        RankingOf&& ranking_of, const HardNegativeOptions& options,
                                                        Draw&& draw) {
  std::vector<bool> seen(static_cast<std::size_t>(classes), false);
  for (const auto label : anchors) seen[static_cast<std::size_t>(label)] = true;
  const auto take = [&](std::vector<std::int64_t>& kept, std::int64_t label) {
    seen[static_cast<std::size_t>(label)] = true;
    kept.push_back(label);
  };
  const std::size_t wanted = static_cast<std::size_t>(options.k) - 1;
  const bool by_rank = options.fallback == Fallback::NextRanked;
  std::vector<std::vector<std::int64_t>> result;
  for (const auto anchor : anchors) {
    const auto ranking = ranking_of(result.size());
    auto& kept = result.emplace_back();
    std::size_t considered = 0;
    for (const auto candidate : ranking) {
      if (candidate == anchor) continue;
      if ((by_rank ? kept.size() : considered++) >= wanted) break;
      if (!seen[static_cast<std::size_t>(candidate)]) take(kept, candidate);
    }
    while (!by_rank && kept.size() < static_cast<std::size_t>(options.minimum)) {
      std::vector<std::int64_t> free;
      for (std::int64_t label = options.fallback == Fallback::RandomExceptFirst ? 1 : 0; label < classes; ++label) {
        if (!seen[static_cast<std::size_t>(label)]) free.push_back(label);
      }
      if (free.empty()) break;
      take(kept, draw(std::as_const(free)));
    }
  }
  return result;
}

/// The same if the ranking depends only on the anchor's class.
template <class Draw>
std::vector<std::vector<std::int64_t>> negative_classes(const std::vector<std::int64_t>& anchors,
                                                        const NearestClasses& nearest,
                                                        const HardNegativeOptions& options, Draw&& draw) {
  const auto ranking_of = [&](std::size_t i) { return nearest.of(anchors[i]); };
  return negative_classes(anchors, nearest.classes(), ranking_of, options, draw);
}

/// Each anchor, followed by one random image of each of its negative classes.
Batch expanded_batch(const std::vector<std::int64_t>& labels, const std::vector<std::int64_t>& anchors,
                     const std::vector<std::vector<std::int64_t>>& negatives,
                     const std::vector<std::vector<std::int64_t>>& images_of, Rng& rng);

/// **Throws** `OptionError` for settings out of range, `DataError` if there would be no batches.
void require_negatives(std::string_view who, const HardNegativeOptions& options,
                       const std::vector<std::int64_t>& labels, const ClassList& list);

/// [C], positions of each class's images; labels are positions in the class list. **Throws** `DataError` for a class
/// without images.
std::vector<std::vector<std::int64_t>> images_by_class(std::string_view who, const std::vector<std::int64_t>& labels,
                                                       const ClassList& classes);

}  // namespace detail

/// Shuffled batches in which each image is followed by images of near classes.
///
/// `labels[i]` is the label of image i of the `ImageSource`, the few-shot training set (A5). Per batch, in order: image
/// 1, one random image of each of its negative classes, image 2, ... An image's negatives are its K - 1 most similar
/// classes, except those already in the batch. Negatives are unique within a batch and never of an anchor's class;
/// anchors may share a class (the regularizer handles that, A7).
///
/// **Shapes** a batch has between b and b * max(K, 1 + minimum) images. **Paper** MAO, base stage, "data-driven
/// enhancement"; readings A5, A6, A8-A11 of docs/reference/sampling.md.
template <class SimilarityT>
class HardNegativeSampler {
 public:
  static constexpr bool mines_negatives = true;
  using Options = HardNegativeOptions;

  /// Ranks the classes once; `similarity` is not stored.
  ///
  /// **Throws** `OptionError` for a setting out of range (k above the number of classes: see `automatic_batch`),
  /// `DataError` for a label outside the list or a class without images.
  HardNegativeSampler(std::vector<std::int64_t> labels, const ClassList& classes, const SimilarityT& similarity,
                      Options options = {})
      : labels_(std::move(labels)),
        options_(checked(options, labels_, classes)),
        classes_(classes),
        images_of_(detail::images_by_class("HardNegativeSampler", labels_, classes)),
        nearest_(class_similarity(classes, similarity, options_.names),
                 options_.fallback == Fallback::NextRanked ? classes.size() : options_.k) {}

  /// The batches of one epoch.
  [[nodiscard]] std::vector<Batch> epoch(Rng& rng) const {
    const auto count = static_cast<std::int64_t>(labels_.size());
    std::vector<Batch> batches;
    for (const auto& anchors : detail::shuffled_groups(count, options_.batch, options_.drop_last, rng)) {
      batches.push_back(expanded(anchors, rng));
    }
    return batches;
  }

  /// A warning if the batch shape is too large for the class list; otherwise empty.
  [[nodiscard]] std::string warning() const { return batch_warning(options_.batch, options_.k, nearest_.classes()); }

  [[nodiscard]] std::int64_t images() const { return static_cast<std::int64_t>(labels_.size()); }
  [[nodiscard]] const NearestClasses& nearest() const { return nearest_; }
  [[nodiscard]] const ClassList& classes() const { return classes_; }  ///< the ranked classes
  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const {
    return described("HardNegativeSampler", options_).with("images", images());
  }

 private:
  [[nodiscard]] Batch expanded(const std::vector<std::int64_t>& anchors, Rng& rng) const {
    const auto any_of = [&](const std::vector<std::int64_t>& items) {
      return items[static_cast<std::size_t>(rng.below(items.size()))];
    };
    const auto negatives = detail::negative_classes(detail::labels_at(labels_, anchors), nearest_, options_, any_of);
    return detail::expanded_batch(labels_, anchors, negatives, images_of_, rng);
  }

  static Options checked(const Options& options, const std::vector<std::int64_t>& labels, const ClassList& classes) {
    detail::require_negatives("HardNegativeSampler", options, labels, classes);
    return options;
  }

  std::vector<std::int64_t> labels_;
  Options options_;
  ClassList classes_;
  std::vector<std::vector<std::int64_t>> images_of_;  // [C], positions of each class's images
  NearestClasses nearest_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/sampling/impl/hard_negative.ipp>
#endif
