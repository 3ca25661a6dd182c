// SPDX-License-Identifier: Apache-2.0
#pragma once
// Run folders for tests, as `mao tune --out` leaves them.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace mao_test {

struct BuiltRun {
  std::string data = "caltech101", method = "coop";
  bool mao = false;
  std::string steps = "both";
  int shots = 16;
  std::vector<int> seeds{1, 2};
  double base = 80, fresh = 60;  // of seed 1; each further seed has 2 more
  bool protocols = false;        // "single" has 1 less than "paper", "first" 3 less
};

inline void write_json(const std::filesystem::path& file, const nlohmann::json& value) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << value;
}

inline nlohmann::json built_scores(double base, double fresh) {
  return {{"base", base}, {"new", fresh}, {"h", 2 * base * fresh / (base + fresh)}};
}

inline void build_run(const std::filesystem::path& folder, const BuiltRun& run) {
  write_json(folder / "config.json", {{"model", {{"model", "embedded"}}},
                                      {"data", {{"data", run.data}, {"shots", run.shots}}},
                                      {"method", {{"name", run.method}, {"mao", run.mao}, {"steps", run.steps}}},
                                      {"seeds", run.seeds}});
  nlohmann::json per_seed = nlohmann::json::array();
  for (std::size_t i = 0; i < run.seeds.size(); ++i) {
    const double more = 2.0 * static_cast<double>(i);
    per_seed.push_back({{"seed", run.seeds[i]}, {"paper", built_scores(run.base + more, run.fresh + more)}});
    if (run.protocols) {
      per_seed.back()["single"] = built_scores(run.base + more - 1, run.fresh + more - 1);
      per_seed.back()["first"] = built_scores(run.base + more - 3, run.fresh + more - 3);
    }
    nlohmann::json result = per_seed.back();
    result["per_class"] = {{"base", {{"cat", run.base + more}}}, {"new", {{"fox", nullptr}}}};
    write_json(folder / ("seed" + std::to_string(run.seeds[i])) / "result.json", result);
  }
  write_json(folder / "results.json", {{"zero_shot", built_scores(50, 40)}, {"per_seed", per_seed}});
}

}  // namespace mao_test
