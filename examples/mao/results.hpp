// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The numbers of a run as JSON and as a table.

#include <cmath>
#include <iomanip>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/evaluation/metrics.hpp>
#include <mao/evaluation/base_to_new.hpp>

namespace mao_program {

using namespace mao;

/// A number of a results file; null, which stands for "not tested", is NaN.
inline double number(const nlohmann::json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// H is null where New was not tested.
inline nlohmann::json to_json(const Scores& scores) {
  return {{"base", scores.base}, {"new", scores.fresh}, {"h", std::isnan(scores.fresh) ? scores.fresh : scores.h()}};
}

/// Mean over seeds; "h" is the harmonic mean of the means, as the papers average, "std" the sample deviation of each.
inline nlohmann::json mean_of(const nlohmann::json& per_seed, const std::string& protocol) {
  std::vector<double> base, fresh, h;
  for (const auto& seed : per_seed) {
    base.push_back(number(seed.at(protocol).at("base")));
    fresh.push_back(number(seed.at(protocol).at("new")));
    h.push_back(number(seed.at(protocol).at("h")));
  }
  const MeanStd b = mean_std(base), n = mean_std(fresh), of_h = mean_std(h);
  return {{"base", b.mean},
          {"new", n.mean},
          {"h", std::isnan(n.mean) ? n.mean : harmonic_mean(b.mean, n.mean)},
          {"std", {{"base", b.deviation}, {"new", n.deviation}, {"h", of_h.deviation}}}};
}

/// The result of one seed, with accuracies of single classes.
inline nlohmann::json seed_result(std::uint64_t seed, const BaseToNewResult& result, const ClassList& base,
                                  const ClassList& fresh) {
  const auto classes = [](const Metrics& metrics, const ClassList& list) {
    nlohmann::json object = nlohmann::json::object();
    for (std::size_t i = 0; i < metrics.per_class.size(); ++i) object[list.names.at(i)] = metrics.per_class[i];
    return object;
  };
  return {{"seed", seed},
          {"paper", to_json(result.paper)},
          {"single", to_json(result.single)},
          {"first", to_json(result.first)},
          {"macro_f1", {{"base", result.base.macro_f1}, {"new", result.fresh.macro_f1}}},
          {"per_class", {{"base", classes(result.base, base)}, {"new", classes(result.fresh, fresh)}}}};
}

/// results.json of a run. "first" is what the first step alone comes to.
inline nlohmann::json run_results(const Scores& zero_shot, nlohmann::json per_seed) {
  nlohmann::json results{{"zero_shot", to_json(zero_shot)},
                         {"paper", mean_of(per_seed, "paper")},
                         {"single", mean_of(per_seed, "single")}};
  if (per_seed.front().contains("first")) results["first"] = mean_of(per_seed, "first");
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
  out << std::fixed << std::setprecision(2) << std::left << std::setw(22) << label << std::right << " Base ";
  print("base");
  out << "   New ";
  print("new");
  out << "   H ";
  print("h");
  out << "\n";
}

}  // namespace mao_program
