// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a run is asked to do: one struct behind the command line, the configuration file, config.json and the prompts'
/// metadata.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <nlohmann/json.hpp>

namespace CLI {
class App;
}

namespace mao_program {

using namespace mao;  // the program is written in the words of the library

/// Which frozen model, and where its files are.
struct ModelSettings {
  std::string model = "embedded";  ///< one of `built_in_model_names()`, or the path of a checkpoint
  std::string weights;             ///< folder of the embedded model or of MobileNetV2's files
  std::string minilm;              ///< folder of all-MiniLM-L6-v2; looked for when empty
  std::string vocab;               ///< CLIP's BPE vocabulary; looked for when empty
  std::string activation = "auto";
  std::string precision = "fp32";       ///< of the frozen towers: "fp32", "bf16"
  std::vector<std::int64_t> heads;      ///< of the image tower and the text tower; those of the checkpoint when empty
  std::vector<double> mean, deviation;  ///< of the pixels, a number a channel; those of the checkpoint when empty
  std::int64_t memory_limit = 0;  ///< MiB that a step may keep for its backward pass, 0: no limit; changes no result
  std::string device =
      "cpu";  ///< "cuda", "cuda:1", ...; a run may resume on another one, so it is not part of its settings
  bool cuda_graphs = false;  ///< likewise
};

/// Which images.
struct DataSettings {
  std::string data = "shifted";  ///< a path, a known name, or sketch / shifted / disjoint of the embedded world
  std::string root;              ///< folder of the data sets with known names; $MAO_DATA when empty
  std::string shots_file;  ///< saved few-shot draw instead of one of our own; "{seed}", "{shots}" stand for theirs
  int shots = 16;
  std::int64_t shot_seed = 0;    ///< of the few-shot draw; 0: the training seed
  std::string augment = "auto";  ///< "none", "crop-flip"; auto: crop-flip for a CLIP checkpoint, none otherwise
  int views = 0;                 ///< augmented views of an image that are encoded once; 0: a new one each time
  std::string classnames;        ///< file `folder name` -> readable name, for folders of images
  std::string classes =
      "base-new";  ///< what is trained on: "base-new": the first half, the other is new; "all" classes
};

/// Which method, how it is trained.
struct MethodSettings {
  std::string name = "coop";
  bool mao = false;
  /// Of MAO: "base" alone, or "new" behind the plain method. "joined" and "joined-new": "both" and "new", and then one
  /// classifier for all classes.
  std::string steps = "both";
  std::map<std::string, std::string> options;  ///< of the method, by name (`--set`)
  std::string optimizer = "auto";              ///< a name of optimizers.hpp; auto: the method's own
  double adam_epsilon = 1e-8;
  double sam_radius = 0;                    ///< 0: no SAM, or that of `optimizer` "sam"
  std::string zero_shot_template = "auto";  ///< with {}, or a file of such; auto: the data set's own
  int epochs = 0;                           ///< 0: 20 plain, 10 with MAO
  double lr = 0;                            ///< 0: 0.002 plain, 0.0035 with MAO
  int batch = 0;                            ///< 0: 32 plain, by the number of classes with MAO
  int k = 0;                                ///< 0: by the number of classes
  int new_epochs = 10;
  double new_lr = 0.0035;
  int new_batch = 32;
  std::string similarity =
      "auto";  ///< "minilm", "clip" (the model's own text tower) or a file; auto: minilm, clip when embedded
  std::string labeler = "zero-shot";  ///< "tuned", "none" for the base stage only; labelers.hpp has the others
  double threshold = 0;
  std::string columns = "distinct";  ///< "per-image": the released code's reg-B
  std::string sampler = "auto";      ///< of the plain method or MAO's base stage: one that the program adds
  std::string regularizer = "auto";  ///< of every stage: auto, sigmoid, or one that the program adds

  /// Whether the recipe is the one for all classes: the stages, then a classifier that joins base and new classes.
  [[nodiscard]] bool joins_classes() const { return steps == "joined" || steps == "joined-new"; }
  /// Whether MAO's new stage comes after the plain method.
  [[nodiscard]] bool starts_plain() const { return steps == "new" || steps == "joined-new"; }

  /// One context per class (an option of CoOp).
  [[nodiscard]] bool is_class_specific() const {
    const auto found = options.find("class-specific");
    return found != options.end() && found->second == "true";
  }
};

/// Everything that decides the numbers of a run. Folder, threads and verbosity do not.
struct RunSettings {
  ModelSettings model;
  DataSettings data;
  MethodSettings method;
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::vector<std::string> targets;  ///< other data sets that the prompts are tested on

  [[nodiscard]] bool has_new_classes() const { return data.classes != "all"; }
  /// Of MAO.
  [[nodiscard]] bool has_base_stage() const { return method.mao && !method.starts_plain(); }
  /// Of MAO.
  [[nodiscard]] bool has_new_stage() const {
    return method.mao && method.steps != "base" && method.labeler != "none" && has_new_classes();
  }
};

/// What only says how to run.
struct RunOptions {
  std::string out = "mao-run";
  int threads = 2;
  std::int64_t cache_mib = 1024;
  std::string feature_cache;  ///< a folder, "off", or empty for the user's cache folder
  bool quiet = false;
  double stale_after = 60;    ///< seconds without a sign of life after which others may take the folder over
  bool take_over = false;     ///< the folder from whoever holds it
  double rank_timeout = 300;  ///< seconds in which every process that trains along has to answer
  bool alone = false;         ///< without the processes that a launcher started with this one
};

/// Heads, mean and std are written where they are given alone.
inline void to_json(nlohmann::json& json, const ModelSettings& settings) {
  json = {{"model", settings.model}, {"weights", settings.weights},       {"minilm", settings.minilm},
          {"vocab", settings.vocab}, {"activation", settings.activation}, {"precision", settings.precision}};
  if (!settings.heads.empty()) json["heads"] = settings.heads;
  if (!settings.mean.empty()) json["mean"] = settings.mean;
  if (!settings.deviation.empty()) json["std"] = settings.deviation;
}
inline void from_json(const nlohmann::json& json, ModelSettings& settings) {
  const ModelSettings usual;
  settings.model = json.value("model", usual.model);
  settings.weights = json.value("weights", usual.weights);
  settings.minilm = json.value("minilm", usual.minilm);
  settings.vocab = json.value("vocab", usual.vocab);
  settings.activation = json.value("activation", usual.activation);
  settings.precision = json.value("precision", usual.precision);
  settings.heads = json.value("heads", usual.heads);
  settings.mean = json.value("mean", usual.mean);
  settings.deviation = json.value("std", usual.deviation);
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DataSettings, data, root, shots_file, shots, shot_seed, augment, views,
                                                classnames, classes)
/// The settings of a method that every run writes.
#define MAO_METHOD_SETTINGS                                                                                         \
  name, mao, steps, options, optimizer, adam_epsilon, zero_shot_template, epochs, lr, batch, k, new_epochs, new_lr, \
      new_batch, similarity, labeler, threshold, columns
/// What came later is written where it is given alone, so that runs from before it was there resume.
inline void to_json(nlohmann::json& nlohmann_json_j, const MethodSettings& nlohmann_json_t) {
  NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, MAO_METHOD_SETTINGS))
  if (nlohmann_json_t.sam_radius > 0) nlohmann_json_j["sam_radius"] = nlohmann_json_t.sam_radius;
  if (nlohmann_json_t.sampler != "auto") nlohmann_json_j["sampler"] = nlohmann_json_t.sampler;
  if (nlohmann_json_t.regularizer != "auto") nlohmann_json_j["regularizer"] = nlohmann_json_t.regularizer;
}
inline void from_json(const nlohmann::json& nlohmann_json_j, MethodSettings& nlohmann_json_t) {
  const MethodSettings nlohmann_json_default_obj;
  NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM_WITH_DEFAULT, MAO_METHOD_SETTINGS))
  nlohmann_json_t.sam_radius = nlohmann_json_j.value("sam_radius", 0.0);
  nlohmann_json_t.sampler = nlohmann_json_j.value("sampler", nlohmann_json_default_obj.sampler);
  nlohmann_json_t.regularizer = nlohmann_json_j.value("regularizer", nlohmann_json_default_obj.regularizer);
}
#undef MAO_METHOD_SETTINGS
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(RunSettings, model, data, method, seeds, targets)

void add_model_options(CLI::App& app, ModelSettings& settings);
/// For a command that takes the model of its prompts unless the command line names one: the help says so.
void default_to_saved_model(CLI::App& command);
/// Whether the command line says which model, so that the prompts do not.
bool names_model(const CLI::App& command);
void add_data_options(CLI::App& app, DataSettings& settings);
/// Those of `add_data_options` that say how images are read and shown, but not which, nor how many.
void add_image_options(CLI::App& app, DataSettings& settings);
/// `--root` and `--classnames`, for commands that only read images.
void add_root_options(CLI::App& app, DataSettings& settings);
/// `--template`.
void add_template_option(CLI::App& app, MethodSettings& settings);
/// `--method` and `--set`: what says which method it is, not how it is trained.
void add_method_options(CLI::App& app, MethodSettings& settings);
void add_training_options(CLI::App& app, MethodSettings& settings);
/// `--feature-cache DIR|off`.
void add_feature_cache_option(CLI::App& app, std::string& setting);
/// The options of a run except for `--data` and what else a protocol decides by itself.
void add_run_options(CLI::App& app, RunSettings& settings, RunOptions& options);
/// Those of a command that has a run folder: `--stale-after`, `--take-over` and `--quiet`.
void add_folder_options(CLI::App& app, RunOptions& options);
/// All options of `mao tune`.
void add_tune_options(CLI::App& app, RunSettings& settings, RunOptions& options);

}  // namespace mao_program
