// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MAO's data-driven enhancement: each image brings images of the classes that are most easily taken for its own.

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

/// What replaces a near class that is in the batch already.
enum class Fallback {
  Random,             ///< nothing, but below `minimum` negatives random classes are added
  RandomExceptFirst,  ///< the same as the released code does it: class 0 is never drawn
  NextRanked  ///< the next near class, so that a batch has b * K images while classes last; `minimum` is not used
};

/// Settings of `HardNegativeSampler`; the defaults are the paper's, for 32 base classes or more (see
/// `automatic_batch`).
struct HardNegativeOptions {
  int batch = 4;                         ///< images before the negatives come
  int k = 8;                             ///< near classes per image, its own included (A6)
  int minimum = 2;                       ///< negatives per image, as far as classes are free, even when k is smaller
  NameForm names = NameForm::Spaces;     ///< spelling under comparison (A9)
  Fallback fallback = Fallback::Random;  ///< (A8)
  bool drop_last = true;                 ///< leave a short last batch out, unless it is the only one
  static constexpr const char* fields[] = {"batch", "k", "minimum", "names", "fallback", "drop_last"};
};

namespace detail {

/// The classes whose images join each anchor of a batch, in rank order, random ones last.
///
/// `anchors` are labels, `ranking_of(i)` the classes that anchor i may take, best first, of `classes` in all. No class
/// comes twice, and none is the label of an anchor. `draw` is given the free classes and returns one of them.
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

/// The same where the ranking depends on the anchor's class alone.
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

/// **Throws** `OptionError` for settings out of range, `DataError` for labels that make no batches.
void require_negatives(std::string_view who, const HardNegativeOptions& options,
                       const std::vector<std::int64_t>& labels, const ClassList& list);

/// [C], positions of each class's images; the labels are of the list. **Throws** `DataError` for a class without
/// images.
std::vector<std::vector<std::int64_t>> images_by_class(std::string_view who, const std::vector<std::int64_t>& labels,
                                                       const ClassList& classes);

}  // namespace detail

/// Shuffled batches in which each image is followed by images of near classes.
///
/// `labels[i]` is the label of image i of the `ImageSource`, the few-shot training set (A5). Per batch, in order: image
/// 1, one random image of each of its negative classes, image 2, ... An image's negatives are its K - 1 most similar
/// classes without those already in the batch. Negatives are unique within a batch and never of an anchor's class;
/// anchors may share a class (the regularizer handles that, A7).
///
/// **Shapes** a batch has between b and b * max(K, 1 + minimum) images. **Paper** MAO, base stage, "data-driven
/// enhancement"; readings A5, A6, A8-A11 of docs/reference/sampling.md.
template <class SimilarityT>
class HardNegativeSampler {
 public:
  static constexpr bool mines_negatives = true;
  using Options = HardNegativeOptions;

  /// Ranks the classes once; `similarity` is not kept.
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

  /// Why this batch shape does not fit the class list; empty when it does.
  [[nodiscard]] std::string warning() const { return batch_warning(options_.batch, options_.k, nearest_.classes()); }

  [[nodiscard]] std::int64_t images() const { return static_cast<std::int64_t>(labels_.size()); }
  [[nodiscard]] const NearestClasses& nearest() const { return nearest_; }
  [[nodiscard]] const ClassList& classes() const { return classes_; }  ///< that it ranks
  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings, to be compared with those of a saved training.
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
