// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The three tasks of the embedded model, and the combinations that are not in its pre-training data.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mao/embedded/detail/world.hpp>

namespace mao::embedded {

/// The fixed seed of the class lists.
inline constexpr std::uint64_t world_seed = 20260117;
/// Strength of the unknown style in the task "shifted", chosen so that zero-shot reaches about 70-75 %.
inline constexpr float shift_strength = 0.4F;

enum class Half { Base, New };
enum class Split { Train, Test };

/// A few-shot task: two disjoint lists of classes, none of them in the pre-training data.
struct Task {
  std::string name;
  std::string summary;
  Style style = {};
  std::vector<Combination> base_classes = {};
  std::vector<Combination> new_classes = {};
  std::int64_t shots = 16;        ///< training images per class
  std::int64_t test_images = 40;  ///< per class

  [[nodiscard]] const std::vector<Combination>& classes(Half half) const {
    return half == Half::Base ? base_classes : new_classes;
  }
  [[nodiscard]] std::int64_t images(Split split) const { return split == Split::Train ? shots : test_images; }
  /// "striped red circle", ... in the order of labels.
  [[nodiscard]] std::vector<std::string> class_names(Half half) const;
};

namespace detail {

/// Removes and returns the next `count` elements of `from` that pass.
template <class Pass>
std::vector<Combination> take(std::vector<Combination>& from, std::size_t count, Pass pass) {
  std::vector<Combination> taken;
  std::erase_if(from, [&](const Combination& c) {
    const bool chosen = taken.size() < count && pass(c);
    if (chosen) taken.push_back(c);
    return chosen;
  });
  return taken;
}

}  // namespace detail

/// "sketch", "shifted" and "disjoint", the same in every program.
const std::array<Task, 3>& tasks();

/// The task with that name. **Throws** `OptionError` that lists the three names.
const Task& task(std::string_view name);

/// Every class of every task; pre-training leaves them out.
std::vector<Combination> held_out_combinations();

/// The combinations in the pre-training data.
std::vector<Combination> seen_combinations();

/// Picture `index` of class `label` of one half and split. It depends only on the arguments.
Image render(const Task& task, Half half, Split split, std::int64_t label, std::int64_t index,
             std::uint64_t seed = world_seed);

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/impl/tasks.ipp>
#endif
