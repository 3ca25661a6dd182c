// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A golden trace on disk: what a reference implementation computed, and on what.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/class_list.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/optimizers/optimizer.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/schedules/step.hpp>

namespace mao_program::replay {

/// Told how far the comparison of a trace is, in steps or in class lists.
using ReplayProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// What the command line says about all traces.
struct Settings {
  std::filesystem::path clip;        ///< --clip, or empty
  std::filesystem::path batches;     ///< --batches, or empty
  std::filesystem::path vocabulary;  ///< --vocab, or empty
  std::filesystem::path mini_lm;     ///< --minilm, or empty
  ReplayProgress progress{};         ///< or empty
};

/// A schedule of one of the kinds that a trace names.
class AnySchedule {
 public:
  explicit AnySchedule(mao::CosineSchedule schedule) : schedule_(std::move(schedule)) {}
  explicit AnySchedule(mao::StepSchedule schedule) : schedule_(std::move(schedule)) {}

  [[nodiscard]] int epochs() const {
    return std::visit([](const auto& schedule) { return schedule.epochs(); }, schedule_);
  }
  [[nodiscard]] double learning_rate(int epoch, double multiple = 1) const {
    return std::visit([&](const auto& schedule) { return schedule.learning_rate(epoch, multiple); }, schedule_);
  }

 private:
  std::variant<mao::CosineSchedule, mao::StepSchedule> schedule_;
};
static_assert(mao::Schedule<AnySchedule>);

/// Images and labels of one step.
struct StepBatch {
  mao::Tensor images;                ///< [B, 3, R, R], normalised
  std::vector<std::int64_t> labels;  ///< [B]
  mao::Tensor second{};              ///< the same images in another view, where the trace has one
};

/// One folder of golden traces. Files are read when they are asked for; one that is missing or lacks a key is an error.
class Trace {
 public:
  Trace(std::filesystem::path folder, Settings settings);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] bool has(const std::string& file) const;
  [[nodiscard]] nlohmann::json json(const std::string& file) const;
  [[nodiscard]] mao::TensorMap tensors(const std::string& file) const;

  /// config.json, empty where there is none.
  [[nodiscard]] const nlohmann::json& config() const { return config_; }

  /// A required value of config.json. **Throws** `FormatError` naming the key.
  template <class T>
  [[nodiscard]] T config(const std::string& key) const {
    return value_of<T>(config_, key, "config.json");
  }

  /// An override by the reference's own key (`TRAINER.COOP.N_CTX`), or the reference's default.
  template <class T>
  [[nodiscard]] T override_or(const std::string& key, const T& fallback) const {
    const auto overrides = config_.value("overrides", nlohmann::json::object());
    const bool given = overrides.contains(key) && !overrides.at(key).is_null();
    return given ? value_of<T>(overrides, key, "config.json, overrides") : fallback;
  }

  /// `CoOp` of the reference "CoOp: trainers.coop.CoOp"; empty if the folder does not belong to a method.
  [[nodiscard]] std::string trainer() const;
  [[nodiscard]] mao::ClassList classes() const {
    return {config<std::vector<std::string>>("classnames"), mao::SameNames::accept};
  }

  /// Learning rates and optimiser as config["optim"] has them. **Throws** `OptionError` for what mao has no counterpart
  /// of.
  [[nodiscard]] AnySchedule schedule() const;
  [[nodiscard]] mao::OptimizerOptions optimizer() const;

  /// --clip, or tiny_clip.safetensors in a folder above.
  [[nodiscard]] std::shared_ptr<const mao::Clip> clip() const;

  /// --batches, or batches.safetensors in a folder above.
  [[nodiscard]] mao::TensorMap batches() const;

  /// The batch of every step, T in all.
  [[nodiscard]] std::vector<StepBatch> steps() const;

  /// The same with the hard negatives that the reference drew, of expanded_batches.safetensors.
  [[nodiscard]] std::vector<StepBatch> expanded_steps() const;

 private:
  /// What the schedules of config["optim"] have in common.
  template <class Options>
  [[nodiscard]] Options schedule_options() const;

  template <class T>
  [[nodiscard]] T value_of(const nlohmann::json& object, const std::string& key, const std::string& where) const {
    mao::require<mao::FormatError>(object.contains(key), folder_.string(), ": ", where, " has no \"", key, "\"");
    try {
      return object.at(key).get<T>();
    } catch (const nlohmann::json::exception&) {
      throw mao::FormatError(mao::text_of(folder_.string(), ": ", where, ": \"", key, "\" is ", object.at(key).dump(),
                                          ", which is of another type than expected"));
    }
  }

  [[nodiscard]] std::filesystem::path in_a_folder_above(const std::string& file, const std::string& option) const;

  std::filesystem::path folder_;
  Settings settings_;
  nlohmann::json config_ = nlohmann::json::object();
};

/// The entry of that name. **Throws** `FormatError` naming the file.
const mao::Tensor& entry(const mao::TensorMap& tensors, const std::string& name, const std::string& file);

/// Blocks of the tower that has more of them.
std::int64_t deeper_tower(const mao::Clip& clip);

/// The entries of an int64 tensor.
std::vector<std::int64_t> integers(const mao::Tensor& tensor);

}  // namespace mao_program::replay
