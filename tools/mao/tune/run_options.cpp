// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <mao/models/feature_cache.hpp>

#include "help_format.hpp"
#include "known_values.hpp"
#include "numbers.hpp"
#include "tune/known_names.hpp"
#include "tune/presets.hpp"
#include "tune/settings.hpp"

namespace mao_program {

namespace {

/// The parser would take -1, and what no 64 bits hold, for 18446744073709551615.
std::string seed_error(const std::string& text) {
  const bool whole = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 19;
  if (whole) return {};
  return text + ": expected a whole number of at least 0, of at most 18 digits" + comma_hint(text);
}

constexpr const char* resources = "Memory, threads and processes";

/// Bounds of what a run may use, none of which changes a result.
void add_bounds(CLI::App& app, RunSettings& settings, RunOptions& options) {
  const HelpSection section(app, resources);
  app.add_option("--memory-limit", settings.model.memory_limit,
                 "MiB that a step may keep for its backward pass (0: no limit); above it, parts are computed twice")
      ->check(zero_or_above())
      ->capture_default_str();
  app.add_option("--threads", options.threads,
                 "threads that decode images, beside the training itself (OMP_NUM_THREADS: the threads of that)")
      ->check(zero_or_above())
      ->capture_default_str();
  app.add_option("--cache-mib", options.cache_mib, "memory for decoded images, MiB")
      ->check(zero_or_above())
      ->capture_default_str();
  add_feature_cache_option(app, options.feature_cache);
}

/// `--recipe`. `--steps` is added, and so read, before it.
void add_recipe_option(CLI::App& app, RunSettings& settings) {
  app.add_option_function<std::string>(
         "--recipe",
         [&settings](const std::string& recipe) {
           if (recipe != "all-classes") return;
           settings.method.mao = true;
           std::string& steps = settings.method.steps;
           if (steps == "both") steps = "joined";
           if (steps == "new") steps = "joined-new";
         },
         "paper: with --mao, MAO as published; all-classes: MAO's two stages, then one classifier over base and new "
         "classes together "
         "(joined.prompts.safetensors); with --steps new, its first stage is the plain method")
      ->check(CLI::IsMember({"paper", "all-classes"}))
      ->default_str("paper");
}

}  // namespace

void add_feature_cache_option(CLI::App& app, std::string& setting) {
  app.add_option("--feature-cache", setting,
                 "folder for image features of the frozen model, to reuse them in later runs, or off (default: " +
                     FeatureCache::default_folder().string() + ")")
      ->type_name("DIR|off");
}

void add_run_options(CLI::App& app, RunSettings& settings, RunOptions& options) {
  app.add_option("--config", "file of options, `name = value` (TOML or INI); the command line wins")->type_name("FILE");
  app.add_option("--preset", "settings of a published row (`mao presets`); the command line wins")
      ->type_name("NAME")
      ->check(known_values(preset_names()));
  add_model_options(app, settings.model);
  add_training_options(app, settings.method);
  add_recipe_option(app, settings);
  app.add_option("--seeds", settings.seeds, "one run per seed; results are mean and deviation")
      ->check(CLI::Validator(seed_error, ""))
      ->capture_default_str();
  add_bounds(app, settings, options);
}

void add_folder_options(CLI::App& app, RunOptions& options) {
  app.add_flag("--quiet", options.quiet, "print only the results");
  const HelpSection section(app, resources);
  app.add_option("--stale-after", options.stale_after,
                 "seconds without a sign of life after which another process may take over the run's folder")
      ->check(above_zero())
      ->capture_default_str();
  app.add_flag("--take-over", options.take_over, "take over the folder of the run from the process that uses it");
}

void add_tune_options(CLI::App& app, RunSettings& settings, RunOptions& options) {
  add_data_options(app, settings.data);
  add_run_options(app, settings, options);
  add_folder_options(app, options);
  app.add_option("--targets", settings.targets,
                 "test the prompts on all classes of these data sets too, by name or path")
      ->type_name("DATA")
      ->check(known_values_or_path(data_names()));
  app.add_option("--out", options.out,
                 "folder of the run; the same command resumes an interrupted one; a folder with another run is refused")
      ->type_name("DIR")
      ->capture_default_str();
  const HelpSection section(app, resources);
  app.add_flag("--alone", options.alone, "do not train together with other processes that a launcher started");
  app.add_option("--rank-timeout", options.rank_timeout,
                 "seconds that several processes wait for each other, at the start and in each step, before they stop")
      ->check(between(1, 1e6))
      ->capture_default_str();
}

}  // namespace mao_program
