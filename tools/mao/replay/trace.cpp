// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <mao/io/files.hpp>
#include <mao/io/tensor_file.hpp>

#include <nlohmann/json.hpp>

#include "replay/trace.hpp"
#include "tune/optimizers.hpp"

namespace mao_program::replay {

namespace fs = std::filesystem;
using mao::FormatError;
using mao::OptionError;
using mao::require;

Trace::Trace(fs::path folder, Settings settings)
    : folder_(fs::absolute(folder).lexically_normal()), settings_(std::move(settings)) {
  if (folder_.filename().empty()) folder_ = folder_.parent_path();
  require<mao::FileError>(fs::is_directory(folder_), "there is no folder ", folder_.string(),
                          "; expected a folder of golden traces such as golden/coop");
  if (has("config.json")) config_ = json("config.json");
}

bool Trace::has(const std::string& file) const { return fs::is_regular_file(folder_ / file); }

nlohmann::json Trace::json(const std::string& file) const {
  auto parsed = nlohmann::json::parse(mao::read_text_file(folder_ / file), nullptr, /*allow_exceptions=*/false);
  require<FormatError>(!parsed.is_discarded(), (folder_ / file).string(), " is not JSON");
  return parsed;
}

mao::TensorMap Trace::tensors(const std::string& file) const { return mao::read_tensors(folder_ / file).tensors; }

std::string Trace::trainer() const {
  const auto reference = config_.value("reference", std::string());
  return reference.substr(reference.find_last_of(". /:") + 1);
}

template <class Options>
Options Trace::schedule_options() const {
  const auto optim = config<nlohmann::json>("optim");
  const auto get = [&]<class T>(const char* key, T) { return value_of<T>(optim, key, "config.json, optim"); };
  const auto warm_up = get("WARMUP_TYPE", std::string());
  require<OptionError>(warm_up == "constant" || warm_up == "linear", folder_.string(), ": WARMUP_TYPE is \"", warm_up,
                       "\", expected \"constant\" or \"linear\"");
  const bool linear = warm_up == "linear";
  Options options;
  options.epochs = get("MAX_EPOCH", 0);
  options.learning_rate = get("LR", 0.0);
  options.warmup_epochs = std::max(0, get("WARMUP_EPOCH", 0));
  options.warmup_learning_rate = get(linear ? "WARMUP_MIN_LR" : "WARMUP_CONS_LR", 0.0);
  options.warmup = linear ? mao::WarmUp::Linear : mao::WarmUp::Constant;
  options.recount = get("WARMUP_RECOUNT", true);
  return options;
}

AnySchedule Trace::schedule() const {
  const auto optim = config<nlohmann::json>("optim");
  const auto kind = value_of<std::string>(optim, "LR_SCHEDULER", "config.json, optim");
  if (kind == "cosine") return AnySchedule(mao::CosineSchedule(schedule_options<mao::CosineOptions>()));
  require<OptionError>(kind == "single_step" || kind == "multi_step", folder_.string(), ": LR_SCHEDULER is \"", kind,
                       "\", expected \"cosine\", \"single_step\" or \"multi_step\"");
  auto options = schedule_options<mao::StepOptions>();
  const auto steps = value_of<std::vector<int>>(optim, "STEPSIZE", "config.json, optim");
  require<FormatError>(!steps.empty(), folder_.string(), ": STEPSIZE is empty");
  const int interval = steps.back() > 0 ? steps.back() : options.epochs;
  options.milestones = kind == "multi_step" ? steps : mao::StepSchedule::every(interval, options.epochs);
  options.factor = value_of<double>(optim, "GAMMA", "config.json, optim");
  return AnySchedule(mao::StepSchedule(options));
}

mao::OptimizerOptions Trace::optimizer() const {
  const auto optim = config<nlohmann::json>("optim");
  require<OptionError>(!optim.value("STAGED_LR", false) || trainer().starts_with("ExtrasLinearProbe"), folder_.string(),
                       ": STAGED_LR is true, layers with rates of their own; that can be replayed for DePT alone");
  const auto get = [&](const char* key) { return value_of<double>(optim, key, "config.json, optim"); };
  const auto name = value_of<std::string>(optim, "NAME", "config.json, optim");
  mao::OptimizerOptions options =
      with_optimizer({.weight_decay = get("WEIGHT_DECAY"), .momentum = get("MOMENTUM")}, name, folder_.string());
  options.beta1 = get("ADAM_BETA1");
  options.beta2 = get("ADAM_BETA2");
  options.dampening = optim.value("SGD_DAMPNING", 0.0);
  options.nesterov = optim.value("SGD_NESTEROV", false);
  options.alpha = optim.value("RMSPROP_ALPHA", options.alpha);
  return options;
}

fs::path Trace::in_a_folder_above(const std::string& file, const std::string& option) const {
  for (fs::path above = folder_.parent_path();; above = above.parent_path()) {
    if (fs::is_regular_file(above / file)) return above / file;
    require<mao::FileError>(above != above.parent_path(), "no ", file, " in any folder above ", folder_.string(),
                            "; name it with ", option);
  }
}

std::shared_ptr<const mao::Clip> Trace::clip() const {
  const auto path = settings_.clip.empty() ? in_a_folder_above("tiny_clip.safetensors", "--clip") : settings_.clip;
  return std::make_shared<const mao::Clip>(mao::Clip::load(path, {.vocabulary = settings_.vocabulary,
                                                                  .activation = {},
                                                                  .form = mao::ClipForm(),
                                                                  .cleaning = mao::TextCleaning::OpenAi}));
}

mao::TensorMap Trace::batches() const {
  const auto path =
      settings_.batches.empty() ? in_a_folder_above("batches.safetensors", "--batches") : settings_.batches;
  return mao::read_tensors(path).tensors;
}

std::vector<StepBatch> Trace::expanded_steps() const {
  const std::string file = "expanded_batches.safetensors";
  const auto given = tensors(file);
  std::vector<StepBatch> steps;
  for (std::int64_t step = 0; step < config<std::int64_t>("T"); ++step) {
    const std::string prefix = "step" + std::to_string(step);
    steps.push_back({entry(given, prefix + ".images", file), integers(entry(given, prefix + ".labels", file)), {}});
  }
  return steps;
}

std::vector<StepBatch> Trace::steps() const {
  const auto all = batches();
  const mao::Tensor &images = entry(all, "images", "batches.safetensors"),
                    &labels = entry(all, "labels", "batches.safetensors");
  mao::expect_shape(images, {-1, -1, 3, -1, -1}, "batches.safetensors: images");
  mao::expect_shape(labels, {images.size(0), images.size(1)}, "batches.safetensors: labels");
  const auto count = config<std::int64_t>("T"), size = config<std::int64_t>("batch"),
             round = config<std::int64_t>("batches_per_epoch");
  const bool one_each = images.size(0) >= count;
  require<FormatError>((one_each || images.size(0) >= round) && images.size(1) >= size, folder_.string(), ": ", count,
                       " steps of ", size, " images (", round, " an epoch), but batches.safetensors has ",
                       images.size(0), " of ", images.size(1));
  std::vector<StepBatch> result;
  for (std::int64_t step = 0; step < count; ++step) {
    const std::int64_t row = one_each ? step : step % round;
    const auto of_step = [&](const mao::Tensor& all_steps) { return all_steps.select(0, row).narrow(0, 0, size); };
    result.push_back({of_step(images), integers(of_step(labels)), {}});
    if (all.contains("images2")) result.back().second = of_step(all.at("images2"));
  }
  return result;
}

const mao::Tensor& entry(const mao::TensorMap& tensors, const std::string& name, const std::string& file) {
  const auto found = tensors.find(name);
  require<FormatError>(found != tensors.end(), file, " has no tensor ", name, " among its ", tensors.size());
  return found->second;
}

std::int64_t deeper_tower(const mao::Clip& clip) {
  return std::max(clip.towers().text_layers, clip.towers().vision_layers);
}

std::vector<std::int64_t> integers(const mao::Tensor& tensor) {
  const mao::Tensor flat = tensor.to(at::kLong).contiguous().cpu();
  const auto* begin = flat.const_data_ptr<std::int64_t>();
  return {begin, begin + flat.numel()};
}

}  // namespace mao_program::replay
