// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The three tasks of the embedded world, and which combinations pre-training never sees.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/random.hpp>
#include <mao/embedded/detail/world.hpp>

namespace mao::embedded {

/// What the class lists are drawn with, in every program.
inline constexpr std::uint64_t world_seed = 20260117;
/// Strength of the unknown style of the task "shifted", chosen so that zero-shot reaches about 70-75 %.
inline constexpr float shift_strength = 0.4F;

enum class Half { Base, New };
enum class Split { Train, Test };

/// A few-shot task: two lists of classes that share none, all of them unseen in pre-training.
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
  [[nodiscard]] std::vector<std::string> class_names(Half half) const {
    std::vector<std::string> names;
    for (const Combination& c : classes(half)) names.push_back(embedded::name(c));
    return names;
  }
};

namespace detail {

inline std::vector<Combination> shuffled_combinations(std::string_view stream) {
  std::vector<Combination> all;
  for (std::size_t i = 0; i < combination_count; ++i) all.push_back(combination(i));
  Rng(world_seed)[stream].shuffle(all);
  return all;
}

/// The next `count` of `from` that pass, removed from it.
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

/// Shapes and colours alternate between the halves; two textures are Base's, two are New's, "plain" is nobody's.
inline bool disjoint_half(const Combination& c, std::size_t half) {
  return c.shape % 2 == half && c.colour % 2 == half && (c.texture + 1) / 2 == half + 1;
}

inline std::array<Task, 3> drawn_tasks() {
  std::vector<Combination> pool = shuffled_combinations("classes");
  const auto any = [](const Combination&) { return true; };
  std::array<Task, 3> tasks;
  tasks[2] = {"disjoint", "photos; the halves share no attribute word", known_style(0)};
  tasks[2].base_classes = take(pool, 24, [](const Combination& c) { return disjoint_half(c, 0); });
  tasks[2].new_classes = take(pool, 24, [](const Combination& c) { return disjoint_half(c, 1); });
  tasks[0] = {"sketch", "drawings, a style that the model knows by another word than photo", known_style(1)};
  tasks[0].base_classes = take(pool, 20, any);
  tasks[0].new_classes = take(pool, 20, any);
  tasks[1] = {"shifted", "a style that no caption names", shifted_style(shift_strength)};
  tasks[1].base_classes = take(pool, 32, any);
  tasks[1].new_classes = take(pool, 32, any);
  return tasks;
}

}  // namespace detail

/// "sketch", "shifted" and "disjoint", the same in every program.
inline const std::array<Task, 3>& tasks() {
  static const std::array<Task, 3> all = detail::drawn_tasks();
  return all;
}

/// The task of that name. **Throws** `OptionError` naming the three.
inline const Task& task(std::string_view name) {
  for (const Task& candidate : tasks()) {
    if (candidate.name == name) return candidate;
  }
  throw OptionError(text_of("no task \"", name, "\" in the embedded world, expected sketch, shifted or disjoint"));
}

/// Every class of every task: what pre-training leaves out.
inline std::vector<Combination> held_out_combinations() {
  std::vector<Combination> held_out;
  for (const Task& each : tasks()) {
    held_out.insert(held_out.end(), each.base_classes.begin(), each.base_classes.end());
    held_out.insert(held_out.end(), each.new_classes.begin(), each.new_classes.end());
  }
  return held_out;
}

/// The combinations that pre-training draws from.
inline std::vector<Combination> seen_combinations() {
  const std::vector<Combination> held_out = held_out_combinations();
  std::vector<Combination> seen;
  for (std::size_t i = 0; i < combination_count; ++i) {
    if (std::ranges::find(held_out, combination(i)) == held_out.end()) seen.push_back(combination(i));
  }
  return seen;
}

/// Picture `index` of class `label` of one half and split: a function of its arguments alone.
inline Image render(const Task& task, Half half, Split split, std::int64_t label, std::int64_t index,
                    std::uint64_t seed = world_seed) {
  const auto& classes = task.classes(half);
  require<OptionError>(label >= 0 && label < static_cast<std::int64_t>(classes.size()), "task ", task.name, " has ",
                       classes.size(), " classes in that half, label ", label, " is not one of them");
  const Combination& what = classes[static_cast<std::size_t>(label)];
  const Rng stream = Rng(seed)["task"][task.name][split == Split::Train ? "train" : "test"][position(what)];
  Rng draw = stream[static_cast<std::uint64_t>(index)];
  const std::size_t background = draw.below(background_names.size());
  return render(what, background, task.style, draw["picture"]);
}

}  // namespace mao::embedded
