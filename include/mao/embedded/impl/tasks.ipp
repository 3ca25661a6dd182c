// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/tasks.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/core/random.hpp>

namespace mao::embedded {

MAO_INLINE std::vector<std::string> Task::class_names(Half half) const {
  std::vector<std::string> names;
  for (const Combination& c : classes(half)) names.push_back(embedded::name(c));
  return names;
}

}  // namespace mao::embedded

namespace mao::embedded::detail {

MAO_INLINE std::vector<Combination> shuffled_combinations(std::string_view stream) {
  std::vector<Combination> all;
  for (std::size_t i = 0; i < combination_count; ++i) all.push_back(combination(i));
  Rng(world_seed)[stream].shuffle(all);
  return all;
}

/// Shapes and colours alternate between the halves; two textures are Base's, two are New's, "plain" is nobody's.
MAO_INLINE bool disjoint_half(const Combination& c, std::size_t half) {
  return c.shape % 2 == half && c.colour % 2 == half && (c.texture + 1) / 2 == half + 1;
}

MAO_INLINE std::array<Task, 3> drawn_tasks() {
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

}  // namespace mao::embedded::detail

namespace mao::embedded {

MAO_INLINE const std::array<Task, 3>& tasks() {
  static const std::array<Task, 3> all = detail::drawn_tasks();
  return all;
}

MAO_INLINE const Task& task(std::string_view name) {
  for (const Task& candidate : tasks()) {
    if (candidate.name == name) return candidate;
  }
  throw OptionError(text_of("no task \"", name, "\" in the embedded world, expected sketch, shifted or disjoint"));
}

MAO_INLINE std::vector<Combination> held_out_combinations() {
  std::vector<Combination> held_out;
  for (const Task& each : tasks()) {
    held_out.insert(held_out.end(), each.base_classes.begin(), each.base_classes.end());
    held_out.insert(held_out.end(), each.new_classes.begin(), each.new_classes.end());
  }
  return held_out;
}

MAO_INLINE std::vector<Combination> seen_combinations() {
  const std::vector<Combination> held_out = held_out_combinations();
  std::vector<Combination> seen;
  for (std::size_t i = 0; i < combination_count; ++i) {
    if (std::ranges::find(held_out, combination(i)) == held_out.end()) seen.push_back(combination(i));
  }
  return seen;
}

MAO_INLINE Image render(const Task& task, Half half, Split split, std::int64_t label, std::int64_t index,
                        std::uint64_t seed) {
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
