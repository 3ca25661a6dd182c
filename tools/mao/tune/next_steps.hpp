// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a finished run tells its user: what came of it, and which commands look at it and use it.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "colours.hpp"
#include "tune/results.hpp"

namespace mao_program {

/// `text` as one word of a shell.
inline std::string shell_word(const std::string& text) {
  constexpr std::string_view plain = "+,-./:=@_";
  const bool is_plain = !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           plain.find(c) != std::string_view::npos;
  });
  if (is_plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// The path of a folder with `ending` added, quoted for a shell: `runs/first.html` for `runs/first/`.
inline std::string word_beside(std::string folder, const char* ending) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return shell_word(folder + ending);
}

/// `coop + MAO against the untuned model: Base +0.75, New +1.08, H +0.93 points (means of 3 seeds)`; nothing where
/// there is no untuned model to compare with, or nothing was tuned.
inline void print_gain(std::ostream& out, const std::string& method, bool mao, const nlohmann::json& results) {
  if (method == "zero-shot" || !results.contains("paper") || !results.contains("zero_shot")) return;
  const auto& tuned = results.at("paper");
  const auto& untuned = results.at("zero_shot");
  out << method_text(method, mao) << " against the untuned model:" << std::fixed << std::setprecision(2);
  const char* before = " ";
  const bool halves = !std::isnan(number(tuned.at("new")));
  for (const auto& [key, name] : {std::pair{"base", halves ? "Base" : "accuracy"}, {"new", "New"}, {"h", "H"}}) {
    const double gain = number(tuned.at(key)) - number(untuned.at(key));
    if (std::isnan(gain)) continue;
    out << before << name << ' ' << std::showpos << gain << std::noshowpos;
    before = ", ";
  }
  const std::size_t seeds = results.at("per_seed").size();
  out << " points (" << (seeds == 1 ? "1 seed" : "means of " + std::to_string(seeds) + " seeds") << ")\n";
}

/// Which classes the prompts of a stage answer among, and what answers among others.
inline std::string about_predictions(const std::string& stage, const nlohmann::json& results) {
  const std::string own = "classifies your own images among ";
  if (stage == "joined") return own + "all classes, base and new";
  if (stage == "new") return own + "the new classes";
  const auto scores = results.find("paper");
  const bool halves = scores != results.end() && !std::isnan(number(scores->value("new", nlohmann::json())));
  if (!halves) return own + "the classes of the run";
  return own + "the base classes; --classes-file FILE names others";
}

/// The command that joins base and new prompts, which needs no training.
inline void print_joining(std::ostream& out, const std::string& run, std::uint64_t seed, const std::string& first,
                          const Colours& colours) {
  const std::string file = word_beside(run, ".prompts.safetensors");
  const std::string which = seed == 1 ? "" : " --seed " + std::to_string(seed);
  out << "  " << colours.bold("mao add " + shell_word(run) + which + " --out " + file)
      << "\n      joins these prompts with those of the base classes (" << first << ".prompts.safetensors) in one\n"
      << "      classifier for all classes, without training again\n";
}

/// What came of the run in the folder `run`, and the commands that come next.
inline void print_next_steps(std::ostream& out, const std::string& run, const std::string& method, bool mao,
                             const nlohmann::json& results, const Colours& colours) {
  namespace fs = std::filesystem;
  print_gain(out, method, mao, results);
  const std::string folder = shell_word(run), page = word_beside(run, ".html");
  const std::string report = "mao report " + folder + " --out " + page;
  out << "\nNext:\n  " << colours.bold(report) << "\n      writes a page of tables and curves\n";
  const auto seeds = results.find("per_seed");
  if (seeds == results.end() || seeds->empty()) return;
  const auto first = seeds->front().value("seed", std::uint64_t{1});
  const fs::path seed = fs::path(run) / ("seed" + std::to_string(first));
  for (const char* stage : {"joined", "new", "base", "plain"}) {
    const fs::path prompts = seed / (std::string(stage) + ".prompts.safetensors");
    if (!fs::exists(prompts)) continue;
    out << "  " << colours.bold("mao predict IMAGE --prompts " + shell_word(prompts.string())) << "\n      "
        << about_predictions(stage, results) << "\n";
    if (stage == std::string_view("new")) {
      const bool plain = fs::exists(seed / "plain.prompts.safetensors");
      print_joining(out, run, first, plain ? "plain" : "base", colours);
    }
    return;
  }
}

}  // namespace mao_program
