// SPDX-License-Identifier: Apache-2.0
// mao plan: how long a run will take and what it needs, from a few measured steps.
#include <CLI/CLI.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "data/task_images.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "report/dassl_log.hpp"
#include "tune/labelers.hpp"
#include "tune/memory_estimate.hpp"
#include "tune/own_tuner.hpp"
#include "tune/presets.hpp"
#include "tune/results.hpp"
#include "tune/tune_run.hpp"

namespace mao_program {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A step of training, measured.
struct MeasuredStage {
  std::string name;
  double step = 0;  ///< seconds, the middle one of those measured
  int steps = 0, epochs = 0;

  [[nodiscard]] double seconds() const { return step * steps * epochs; }
};

/// What a run comes to.
struct Plan {
  std::int64_t images = 0;  ///< to encode once, for all seeds
  double images_per_second = 0;
  std::vector<MeasuredStage> stages;
  std::size_t seeds = 1;
  double peak_mib = 0;
  std::string memory;  ///< what a step keeps, in words

  [[nodiscard]] double encoding() const { return static_cast<double>(images) / images_per_second; }
  [[nodiscard]] double per_seed() const {
    double sum = 0;
    for (const MeasuredStage& stage : stages) sum += stage.seconds();
    return sum;
  }
  [[nodiscard]] double total() const { return encoding() + static_cast<double>(seeds) * per_seed(); }
};

/// Measures by doing a little of everything.
class Planner {
 public:
  explicit Planner(const RunSettings& settings, const RunOptions& options, int steps)
      : settings_(settings),
        steps_(steps),
        opened_(open_model(settings.model)),
        info_(method_named(settings.method.name)),
        images_(opened_, settings.data, options, info_.prompts_images()) {}

  Plan plan() {
    Plan plan;
    plan.seeds = settings_.seeds.size();
    LabelledImages base = images_.training(Half::Base, seed_);
    const Tensor few = measure_encoding(*base.source, plan);
    count_images(base, plan);
    const MemoryEstimate memory = estimate_memory(opened_, base.classes, settings_, info_.prompts_images());
    if (memory.text > 0) plan.memory = description_of(memory, base.classes, settings_.model.memory_limit);
    auto backbone = make_backbone(opened_, base.classes, settings_.method, seed_);
    const auto steps = make_steps(settings_, base.classes.size(), seed_, images_.augments(), [](const std::string&) {});
    keep_features(base, few);
    const TaskHalf half{base.classes, base.source.get(), base.labels, nullptr, {}};
    if (steps.plain) {
      AnyTuner tuner = tuners_(backbone, half, *steps.plain);
      plan.stages.push_back(measured("training", tuner, *half.train));
    } else {
      const auto similarity = tuners_.draws_itself() ? Similarity() : make_similarity(opened_, settings_);
      AnyTuner tuner = tuners_(backbone, half, similarity, *steps.mao_base);
      plan.stages.push_back(measured("base stage", tuner, *half.train));
    }
    if (steps.mao_new) plan.stages.push_back(measured_new(backbone, few, *steps.mao_new));
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    plan.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
    return plan;
  }

 private:
  MeasuredStage measured_new(AnyBackbone& backbone, const Tensor& few, const MaoNewOptions& options) {
    LabelledImages fresh = images_.training(Half::New, seed_);
    keep_features(fresh, few);
    const TaskHalf half{fresh.classes, fresh.source.get(), {}, nullptr, {}};
    const BoundFor bound(backbone, half.classes);  // a labeller may be made of the method as it is
    auto labeler =
        make_labeler(opened_, half, settings_.method, [&] { return copy_of(backbone, opened_, settings_.method); });
    AnyTuner tuner = tuners_(backbone, half, std::move(labeler), options);
    return measured("new stage", tuner, *half.train);
  }

  /// Features of the first images, encoded against the clock.
  Tensor measure_encoding(ImageSource& images, Plan& plan) const {
    const auto batches = evaluation_views(std::min<std::int64_t>(images.size(), 32), 16);
    const at::NoGradGuard frozen;
    static_cast<void>(opened_.model->encode_image(images.load(batches.front()).pixels.to(opened_.device)));
    const auto start = Clock::now();
    std::vector<Tensor> parts;
    std::size_t count = 0;
    for (const auto& views : batches) {
      parts.push_back(opened_.model->encode_image(images.load(views).pixels.to(opened_.device)).cpu());
      count += views.size();
    }
    plan.images_per_second = static_cast<double>(count) / seconds_since(start);
    return at::cat(parts);
  }

  void count_images(const LabelledImages& base, Plan& plan) const {
    plan.images = images_.test(Half::Base).source->size();
    if (images_.has_new_half()) plan.images += images_.test(Half::New).source->size();
    if (images_.augments()) return;
    std::set<std::uint64_t> draws;
    for (const std::uint64_t seed : settings_.seeds) draws.insert(images_.shot_seed_of(seed));
    const auto halves = images_.has_new_half() ? 2 : 1;
    plan.images += halves * (base.source->size() + (static_cast<std::int64_t>(draws.size()) - 1) * count_drawn(base));
  }

  /// The images that a draw by another seed may not contain: of classes with no more than the shots, every draw has
  /// all.
  [[nodiscard]] std::int64_t count_drawn(const LabelledImages& images) const {
    if (!images_.files()) return images.source->size();
    std::map<std::int64_t, std::int64_t> counts;
    for (const std::int64_t label : images.labels) ++counts[label];
    std::int64_t drawn = 0;
    for (const auto& [label, count] : counts) drawn += count < settings_.data.shots ? 0 : count;
    return drawn;
  }

  /// A run that keeps features trains on these: what they say is the same for the clock.
  void keep_features(LabelledImages& images, const Tensor& few) const {
    if (images_.augments()) return;
    const std::int64_t count = images.source->size();
    std::vector<Tensor> copies(static_cast<std::size_t>((count + few.size(0) - 1) / few.size(0)), few);
    Tensor features = at::cat(copies).narrow(0, 0, count).to(opened_.device);
    if (info_.prompts_images()) {
      images.source = std::make_unique<FeaturedImages>(std::move(images.source), std::move(features));
    } else {
      images.source = std::make_unique<FeatureImages>(std::move(features));
    }
  }

  /// The first step is not counted: it fills caches.
  MeasuredStage measured(const std::string& name, AnyTuner& tuner, ImageSource& images) const {
    MeasuredStage stage{.name = name};
    std::vector<double> times;
    auto last = Clock::now();
    Observer observer;
    observer.on_step = [&](const StepReport& report) {
      times.push_back(seconds_since(last));
      last = Clock::now();
      stage.steps = report.steps;
      stage.epochs = report.epochs;
    };
    observer.should_stop = [&] { return times.size() > static_cast<std::size_t>(steps_); };
    static_cast<void>(tuner.fit(images, observer));
    if (times.size() > 1) times.erase(times.begin());
    std::sort(times.begin(), times.end());
    stage.step = times[times.size() / 2];
    return stage;
  }

  RunSettings settings_;
  int steps_;
  OpenedModel opened_;
  const MethodInfo& info_;
  StageTuners tuners_{opened_, settings_.method};
  TaskImages images_;
  std::uint64_t seed_ = settings_.seeds.at(0);
};

nlohmann::json as_json(const Plan& plan) {
  nlohmann::json stages = nlohmann::json::array();
  for (const MeasuredStage& stage : plan.stages) {
    stages.push_back({{"name", stage.name},
                      {"seconds_per_step", stage.step},
                      {"steps_per_epoch", stage.steps},
                      {"epochs", stage.epochs},
                      {"seconds", stage.seconds()}});
  }
  return {{"images_to_encode", plan.images},
          {"images_per_second", plan.images_per_second},
          {"encoding_seconds", plan.encoding()},
          {"stages", stages},
          {"seconds_per_seed", plan.per_seed()},
          {"seeds", plan.seeds},
          {"seconds", plan.total()},
          {"peak_mib", plan.peak_mib}};
}

void print(const Plan& plan, int steps) {
  std::cout << std::fixed << std::setprecision(1) << "encoding   " << duration_text(plan.encoding()) << "  "
            << plan.images << " images at " << plan.images_per_second
            << " per second, once (less if the feature cache has them)\n";
  std::string seed;  // what it is the sum of
  for (const MeasuredStage& stage : plan.stages) {
    seed += (seed.empty() ? "" : " + ") + stage.name;
    std::cout << std::left << std::setw(11) << stage.name << std::right << duration_text(stage.seconds()) << "  "
              << stage.epochs << " epochs of " << stage.steps << " steps, " << std::setprecision(3) << stage.step
              << " s per step\n";
  }
  std::cout << "one seed   " << duration_text(plan.per_seed()) << "  " << seed << ", without testing\nthe run    "
            << duration_text(plan.total()) << "  encoding + " << plan.seeds << " x one seed\nmemory     "
            << std::setprecision(0) << plan.peak_mib << " MiB at the peak of what was measured here\n";
  if (!plan.memory.empty()) std::cout << "           " << plan.memory << "\n";
  std::cout << "note: these are estimates from " << steps << (steps == 1 ? " step" : " steps")
            << " of each stage, on this machine under its present load; --steps-measured " << 10 * steps
            << " measures for longer\n";
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
  auto settings = std::make_shared<RunSettings>();
  auto options = std::make_shared<RunOptions>();
  auto steps = std::make_shared<int>(5);
  auto json = std::make_shared<bool>(false);
  CLI::App* command = add_command(app, "plan", "estimate time and memory of a run of mao tune, from a few steps");
  add_data_options(*command, settings->data);
  add_run_options(*command, *settings, *options);
  command->add_option("--steps-measured", *steps, "steps of each stage")->check(above_zero())->capture_default_str();
  command->add_flag("--json", *json, "print JSON");
  command->callback([command, settings, options, steps, json, &status] {
    const GivenOptions given = take_preset(*command, settings->method);
    check_options(given, {*settings});
    require<OptionError>(settings->method.name != "zero-shot", "--method zero-shot trains nothing; time `mao eval`");
    const Plan plan = Planner(*settings, *options, *steps).plan();
    if (*json) {
      std::cout << as_json(plan).dump(2) << "\n";
    } else {
      std::cout << method_text(settings->method.name, settings->method.mao) << " on " << settings->data.data << "\n";
      print(plan, *steps);
    }
    status = 0;
  });
}

}  // namespace mao_program
