// SPDX-License-Identifier: Apache-2.0
// The main job on the embedded model: three rendered tasks, five methods, three seeds. Prints a table for each task and
// writes results.json into the folder given as first argument (build/demo by default).
//
// A functional demo: it shows what each step does on a small world of our own, not how good MAO is on photographs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>

#include <mao/backbones/coop.hpp>
#include <mao/core/detail/memory.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/io/files.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/version.hpp>

#include <nlohmann/json.hpp>

#include "tune/results.hpp"

namespace {

using namespace mao;
using Model = std::shared_ptr<const Clip>;
using Method = Coop<Clip>;

constexpr std::uint64_t seeds[] = {1, 2, 3};

/// One method under both protocols.
struct Row {
  std::string method;
  Scores paper, single;
};

template <class BackboneT>
Scores test_both(BackboneT& backbone, const BaseToNewTask& task) {
  const double base = test_on(backbone, task.base).accuracy;
  return {base, test_on(backbone, task.fresh).accuracy};
}

/// MAO's second stage from where the first one ended, on a backbone of its own.
Row new_step(const std::string& method, auto labeler, const BaseToNewTask& task, std::uint64_t seed, Method backbone,
             double base_accuracy) {
  auto tuner = mao_new(backbone, task.fresh.classes, task.fresh.train->size(), std::move(labeler),
                       {.tuner = {.seed = seed, .name = "new stage"}});
  tuner.fit(*task.fresh.train);
  const Scores single = test_both(backbone, task);
  return {method, {base_accuracy, single.fresh}, single};
}

std::vector<Row> run_seed(const Model& model, const std::string& name, std::uint64_t seed) {
  embedded::FewShotTask images(*model, name, seed);
  const BaseToNewTask task = images.task_view();
  std::vector<Row> rows;
  const auto add = [&](const char* method, const Scores& scores) { rows.push_back({method, scores, scores}); };
  ZeroShot<Clip> untuned(model, task.base.classes);
  add("zero-shot", test_both(untuned, task));

  Method coop(model, task.base.classes);
  plain(coop, task.base.classes, task.base.train_labels, {.tuner = {.seed = seed, .name = "coop"}})
      .fit(*task.base.train);
  add("coop", test_both(coop, task));

  Method tuned(model, task.base.classes);
  const BatchShape shape = automatic_batch(task.base.classes.size());
  auto base_step =
      mao_base(tuned, task.base.classes, task.base.train_labels, TextTowerSimilarity(model),
               {.sampler = {.batch = shape.batch, .k = shape.k}, .tuner = {.seed = seed, .name = "base stage"}});
  base_step.fit(*task.base.train);
  const Scores base_only = test_both(tuned, task);
  add("coop+mao, base stage", base_only);
  tuned.bind(task.fresh.classes);  // for the labeller that is made of it; copies have prompts of their own
  rows.push_back(
      new_step("coop+mao", ZeroShotLabeler<Clip>(model, task.fresh.classes), task, seed, tuned, base_only.base));
  rows.push_back(
      new_step("coop+mao, tuned labels", TunedPromptLabeler<Method>(tuned), task, seed, tuned, base_only.base));
  return rows;
}

/// The seeds of a task side by side, one on each core.
std::vector<std::vector<Row>> run_seeds(const Model& model, const std::string& name) {
  std::vector<std::vector<Row>> rows(std::size(seeds));
  std::vector<std::exception_ptr> failures(rows.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    at::set_num_threads(1);
    for (std::size_t i = next++; i < rows.size(); i = next++) {
      try {
        rows[i] = run_seed(model, name, seeds[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
  workers.clear();  // joins
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return rows;
}

/// Prints the table of a task; the JSON has the keys of a `mao tune` run for every method.
nlohmann::json report(const embedded::Task& task, const std::vector<std::vector<Row>>& of_seeds) {
  std::cout << "\n"
            << task.name << ": " << task.summary << "; " << task.base_classes.size() << " base and "
            << task.new_classes.size() << " new classes\n";
  nlohmann::json methods;
  for (std::size_t m = 0; m < of_seeds.front().size(); ++m) {
    const std::string& method = of_seeds.front()[m].method;
    nlohmann::json per_seed = nlohmann::json::array();
    for (std::size_t s = 0; s < of_seeds.size(); ++s) {
      per_seed.push_back({{"seed", seeds[s]},
                          {"paper", mao_program::to_json(of_seeds[s][m].paper)},
                          {"single", mao_program::to_json(of_seeds[s][m].single)}});
    }
    methods[method] = mao_program::run_results(mao_program::to_json(of_seeds.front().front().paper), per_seed);
    mao_program::print_scores(std::cout, method, methods[method].at("paper"));
  }
  return methods;
}

int run(const std::filesystem::path& out) {
  const auto started = std::chrono::steady_clock::now();
  const Model model = embedded::clip();
  std::cout << "mao " << version << ": CoOp and MAO on the embedded model, " << std::size(seeds)
            << " seeds. Accuracies in percent,\n"
            << "Base and New each among their own classes, H the harmonic mean; with MAO, Base is after its base stage "
               "and New\n"
            << "after its new stage (paper protocol).\n";
  nlohmann::json results;
  for (const embedded::Task& task : embedded::tasks()) results[task.name] = report(task, run_seeds(model, task.name));
  std::filesystem::create_directories(out);
  write_file_atomically(out / "results.json", [&](std::ostream& file) { file << results.dump(2) << "\n"; });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::cout << "\nA functional demo on a small world of our own, no evidence about photographs. "
            << std::setprecision(0) << took.count() << " s.\nWritten to " << (out / "results.json").string() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  try {
    return run(argc > 1 ? argv[1] : "build/demo");
  } catch (const mao::Error& error) {
    std::cerr << "demo: " << error.what() << "\n";
    return 1;
  }
}
