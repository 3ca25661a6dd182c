// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The numbers of a run as JSON and as a table.

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/evaluation/base_to_new.hpp>
#include <mao/evaluation/metrics.hpp>

namespace mao_program {

using namespace mao;

/// `coop + MAO`, or `coop`.
inline std::string method_text(const std::string& method, bool mao) { return method + (mao ? " + MAO" : ""); }

/// A number of a results file; null, which stands for "not tested", is NaN.
inline double number(const nlohmann::json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// H is null where New was not tested.
inline nlohmann::json to_json(const Scores& scores) {
  return {{"base", scores.base}, {"new", scores.fresh}, {"h", std::isnan(scores.fresh) ? scores.fresh : scores.h()}};
}

/// Mean over seeds; "h" is the harmonic mean of the means, as the papers average, "std" the sample deviation of each,
/// absent for a single seed.
inline nlohmann::json mean_of(const nlohmann::json& per_seed, const std::string& protocol) {
  std::vector<double> base, fresh, h;
  for (const auto& seed : per_seed) {
    base.push_back(number(seed.at(protocol).at("base")));
    fresh.push_back(number(seed.at(protocol).at("new")));
    h.push_back(number(seed.at(protocol).at("h")));
  }
  const MeanStd b = mean_std(base), n = mean_std(fresh), of_h = mean_std(h);
  nlohmann::json found{
      {"base", b.mean}, {"new", n.mean}, {"h", std::isnan(n.mean) ? n.mean : harmonic_mean(b.mean, n.mean)}};
  if (per_seed.size() > 1) found["std"] = {{"base", b.deviation}, {"new", n.deviation}, {"h", of_h.deviation}};
  return found;
}

/// Accuracy of each class by its name; null for a class without test images.
inline nlohmann::json per_class(const Metrics& metrics, const ClassList& classes) {
  nlohmann::json object = nlohmann::json::object();
  for (std::size_t i = 0; i < metrics.per_class.size(); ++i) object[classes.names.at(i)] = metrics.per_class[i];
  return object;
}

/// zero_shot.json: the untuned model. "new" and "h" are null where there are no new classes.
inline nlohmann::json zero_shot_result(const Metrics& base, const ClassList& base_classes,
                                       const std::optional<Metrics>& fresh, const ClassList& new_classes) {
  constexpr double untested = std::numeric_limits<double>::quiet_NaN();
  auto result = to_json({base.accuracy, fresh ? fresh->accuracy : untested});
  result["per_class"] = {{"base", per_class(base, base_classes)},
                         {"new", fresh ? per_class(*fresh, new_classes) : nlohmann::json::object()}};
  return result;
}

/// The result of one seed, with accuracies of single classes.
inline nlohmann::json seed_result(std::uint64_t seed, const BaseToNewResult& result, const ClassList& base,
                                  const ClassList& fresh) {
  return {{"seed", seed},
          {"paper", to_json(result.paper)},
          {"single", to_json(result.single)},
          {"first", to_json(result.first)},
          {"macro_f1", {{"base", result.base.macro_f1}, {"new", result.fresh.macro_f1}}},
          {"per_class", {{"base", per_class(result.base, base)}, {"new", per_class(result.fresh, fresh)}}}};
}

/// {"accuracy", "std"} over seeds of what `value_of` takes from each; "std" is absent for a single seed.
template <class ValueOf>
nlohmann::json accuracy_of(const nlohmann::json& per_seed, const ValueOf& value_of) {
  std::vector<double> values;
  for (const auto& seed : per_seed) values.push_back(number(value_of(seed)));
  const MeanStd over_seeds = mean_std(values);
  nlohmann::json result{{"accuracy", over_seeds.mean}};
  if (values.size() > 1) result["std"] = over_seeds.deviation;
  return result;
}

/// `results["all_classes"]`: figures of one classifier over all classes. Those of the untuned model, and means over
/// seeds of the others, with "std" where there are several seeds; absent where nothing of the kind was tested.
inline void take_all_classes(nlohmann::json& results, const nlohmann::json& zero_shot, const nlohmann::json& per_seed) {
  nlohmann::json all = nlohmann::json::object();
  if (zero_shot.contains("all_classes")) all["zero_shot"] = zero_shot.at("all_classes");
  const bool tested_all =
      std::all_of(per_seed.begin(), per_seed.end(), [](const auto& seed) { return seed.contains("all_classes"); });
  const nlohmann::json tested = tested_all ? per_seed.front().at("all_classes") : nlohmann::json::object();
  for (const auto& [classifier, figures] : tested.items()) {
    for (const auto& [key, unused] : figures.items()) {
      std::vector<double> values;
      for (const auto& seed : per_seed) values.push_back(number(seed.at("all_classes").at(classifier).at(key)));
      const MeanStd over_seeds = mean_std(values);
      all[classifier][key] = over_seeds.mean;
      if (per_seed.size() > 1) all[classifier]["std"][key] = over_seeds.deviation;
    }
  }
  if (!all.empty()) results["all_classes"] = std::move(all);
}

/// Of a run whose prompts were tested on other data sets.
inline nlohmann::json transfer_results(const nlohmann::json& zero_shot, const nlohmann::json& per_seed) {
  nlohmann::json results{{"protocol", "transfer"}, {"zero_shot", zero_shot.at("targets")}};
  results["source"] = accuracy_of(per_seed, [](const nlohmann::json& seed) { return seed.at("paper").at("base"); });
  for (const auto& [name, unused] : zero_shot.at("targets").items()) {
    results["targets"][name] =
        accuracy_of(per_seed, [&name](const nlohmann::json& seed) { return seed.at("targets").at(name); });
  }
  for (const auto& seed : per_seed) {
    results["per_seed"].push_back(
        {{"seed", seed.at("seed")}, {"source", seed.at("paper").at("base")}, {"targets", seed.at("targets")}});
    if (seed.contains("all_classes")) results["per_seed"].back()["all_classes"] = seed.at("all_classes");
  }
  take_all_classes(results, zero_shot, per_seed);
  return results;
}

/// results.json of a run. "first" is what the first step alone comes to.
inline nlohmann::json run_results(nlohmann::json zero_shot, nlohmann::json per_seed) {
  if (zero_shot.contains("targets")) return transfer_results(zero_shot, per_seed);
  zero_shot.erase("per_class");
  const nlohmann::json untuned = zero_shot;
  zero_shot.erase("all_classes");
  nlohmann::json results{{"zero_shot", std::move(zero_shot)},
                         {"paper", mean_of(per_seed, "paper")},
                         {"single", mean_of(per_seed, "single")}};
  if (per_seed.front().contains("first")) results["first"] = mean_of(per_seed, "first");
  take_all_classes(results, untuned, per_seed);
  for (auto& seed : per_seed) seed.erase("per_class");
  results["per_seed"] = std::move(per_seed);
  return results;
}

/// `label   base 75.50 +- 0.31   new 54.40 +- 0.20   H 63.24`
inline void print_scores(std::ostream& out, const std::string& label, const nlohmann::json& scores) {
  const auto print = [&](const char* key) {
    const double mean = number(scores.at(key));
    if (std::isnan(mean)) {
      out << "     -";
      return;
    }
    out << std::setw(6) << mean;
    if (scores.contains("std")) out << " +- " << std::setw(4) << number(scores.at("std").at(key));
  };
  out << std::fixed << std::setprecision(2) << std::left << std::setw(22) << label << std::right;
  if (std::isnan(number(scores.at("new")))) {  // one list of classes
    out << " all classes ";
    print("base");
    out << "\n";
    return;
  }
  out << " Base ";
  print("base");
  out << "   New ";
  print("new");
  out << "   H ";
  print("h");
  out << "\n";
}

/// `name   65.20 +- 0.31   untuned 64.10`, a line for the source and each target.
inline void print_transfer(std::ostream& out, const nlohmann::json& results) {
  const auto line = [&](const std::string& name, const nlohmann::json& scores, const nlohmann::json& untuned) {
    out << std::left << std::setw(22) << name << std::right << std::setw(6) << number(scores.at("accuracy"));
    if (scores.contains("std") && results.at("per_seed").size() > 1) {  // older runs have it for one seed too
      out << " +- " << std::setw(4) << number(scores.at("std"));
    }
    if (untuned.is_number()) out << "   untuned " << std::setw(6) << untuned.get<double>();
    out << "\n";
  };
  out << std::fixed << std::setprecision(2);
  line("source", results.at("source"), nullptr);
  double sum = 0;
  for (const auto& [name, scores] : results.at("targets").items()) {
    line(name, scores, results.at("zero_shot").at(name));
    sum += number(scores.at("accuracy"));
  }
  out << std::left << std::setw(22) << "mean of the targets" << std::right << std::setw(6)
      << sum / static_cast<double>(results.at("targets").size()) << "\n";
}

/// The classifiers over all classes: the name in JSON files, and the one for people.
inline constexpr std::array<std::pair<const char*, const char*>, 7> all_class_titles{
    {{"zero_shot", "untuned"},
     {"plain", "tuned prompts"},
     {"base", "base-stage prompts"},
     {"new", "new-stage prompts"},
     {"joined", "joined, no gate"},
     {"gated", "joined, gate"},
     {"these prompts", "these prompts"}}};

/// What a classifier of `all_class_titles` is, in a sentence.
inline constexpr std::string_view classifier_is(std::string_view key) {
  if (key == "zero_shot") return "the model with hand-written prompts for all classes (zero-shot)";
  if (key == "plain") return "the prompts that the plain method tuned on the base classes, used for all classes";
  if (key == "base") return "the prompts after the base stage, used for all classes";
  if (key == "new") return "the prompts after the new stage, used for all classes";
  if (key == "joined")
    return "base classes with the prompts of the base stage (or of the plain method before the new stage), new classes "
           "with those of the new stage "
           "(without one: with the untuned model); the class with the highest score wins";
  if (key == "gated")
    return "the same two sets of prompts; a gate first estimates whether an image shows a base or a "
           "new class, and the prompts of each half then choose within it";
  return "the prompts of the file, used for all classes";
}

/// What two of the figures are, in a clause.
inline constexpr std::string_view openworld_auc_is =
    "of all pairs of a base and a new image, the share in which both are right within their own half and the "
    "base image looks more like base than the new one does";
inline constexpr std::string_view ausuc_is =
    "the area under the curve of new against base accuracy as a bias moves from one half to the other, with equal "
    "weight for each class (the same as OpenworldAUC if all classes have equally many test images)";

/// The figures over all classes as a table; gH is their "h", so called beside the papers' H.
inline void print_all_classes(std::ostream& out, const nlohmann::json& results) {
  if (!results.contains("all_classes")) return;
  const nlohmann::json& all = results.at("all_classes");
  out << "among all classes        accuracy    base     new      gH  OpenworldAUC   AUSUC\n"
      << std::fixed << std::setprecision(2);
  for (const auto& [classifier, title] : all_class_titles) {
    if (!all.contains(classifier)) continue;
    out << "  " << std::left << std::setw(20) << title << std::right;
    for (const auto& [key, width] :
         {std::pair{"accuracy", 11}, {"base", 8}, {"new", 8}, {"h", 8}, {"openworld_auc", 14}, {"ausuc", 8}}) {
      out << std::setw(width) << number(all.at(classifier).at(key));
    }
    out << "\n";
  }
  out << "gH: harmonic mean of base and new\nOpenworldAUC: " << openworld_auc_is << "\nAUSUC: " << ausuc_is << "\n";
}

/// The row of the prompts of the first of two stages, tested on both halves.
inline const char* first_stage_only(bool starts_plain) { return starts_plain ? "first stage only" : "base stage only"; }

/// The table at the end of a run. `starts_plain`: the plain method is the first stage.
inline void print_results(std::ostream& out, const std::string& method, bool mao, bool starts_plain,
                          const nlohmann::json& results) {
  if (results.contains("targets")) return print_transfer(out, results);
  print_scores(out, "untuned (zero-shot)", results.at("zero_shot"));
  if (method == "zero-shot") return;
  const std::string name = method_text(method, mao);
  const bool two_steps = mao && number(results.at("paper").at("new")) >= 0;
  print_scores(out, name + (two_steps ? " (paper)" : ""), results.at("paper"));
  if (!two_steps) return;
  print_scores(out, name + " (single)", results.at("single"));
  const bool has_first = results.contains("first");
  if (has_first) print_scores(out, first_stage_only(starts_plain), results.at("first"));
  out << "paper: Base with the prompts of the " << (starts_plain ? "first" : "base")
      << " stage, New with those of the new stage; single: both with the latter"
      << (has_first ? text_of("; ", first_stage_only(starts_plain), ": both with the former") : std::string()) << "\n";
}

}  // namespace mao_program
