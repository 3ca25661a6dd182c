// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>

#include <ATen/ops/arange.h>
#include <ATen/ops/scalar_tensor.h>

#include "bench.hpp"

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/core/detail/ops.hpp>

namespace bench {
namespace {

mao::ClipTokenizer tokenizer_of(const std::filesystem::path& folder) {
  return mao::ClipTokenizer::load(mao::read_text_file(folder / "vocabulary"));
}

/// Compiles while the model has no precision to choose, too.
template <class ModelT>
std::shared_ptr<const ModelT> model_of(const mao::ClipWeights& weights, mao::ClipTokenizer tokenizer,
                                       mao::Precision precision) {
  if constexpr (std::is_constructible_v<ModelT, mao::ClipWeights, mao::ClipTokenizer, mao::Precision>) {
    return std::make_shared<const ModelT>(weights, std::move(tokenizer), precision);
  } else {
    mao::require<mao::OptionError>(precision == mao::Precision::Fp32, "this version of mao computes in fp32 alone");
    return std::make_shared<const ModelT>(weights, std::move(tokenizer));
  }
}

}  // namespace

Inputs::Inputs(std::filesystem::path folder)
    : folder_(std::move(folder)),
      weights_(mao::read_clip_weights(folder_ / "clip.safetensors", mao::Activation::QuickGelu)) {
  const auto images = mao::read_safetensors(folder_ / "images.safetensors").tensors;
  pixels_ = images.at("pixels").clone();
  features_ = images.at("features").clone();
}

std::shared_ptr<const mao::Clip> Inputs::clip(mao::Precision precision) {
  auto& clip = clips_[precision == mao::Precision::Bf16 ? 1 : 0];
  if (clip == nullptr) clip = model_of<mao::Clip>(weights_, tokenizer_of(folder_), precision);
  return clip;
}

mao::ClassList Inputs::classes(std::int64_t count) const {
  const auto path = folder_ / ("names-" + std::to_string(count) + ".txt");
  std::ifstream file(path);
  mao::require<mao::FileError>(file.is_open(), path.string(), ": no names for ", count,
                               " classes; benchmarks/inputs.py writes those of 5, 51, 98, 250, 500 and 1000");
  mao::ClassList classes;
  for (std::string line; std::getline(file, line);) classes.names.push_back(line);
  return classes;
}

mao::Tensor Inputs::pixels(std::int64_t count) const {
  return pixels_.index_select(0, at::arange(count).remainder(pixels_.size(0)));
}

std::vector<std::filesystem::path> Inputs::photographs() const {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "photographs")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

mao::TensorMap step_values(const mao::ParameterList& parameters, double loss) {
  mao::TensorMap values{{"loss", at::scalar_tensor(loss, at::kFloat)}};
  for (const mao::Parameter& parameter : parameters) values["grad." + parameter.name] = parameter.value.grad();
  return values;
}

}  // namespace bench
