// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>

#include <mao/data/detail/resize.hpp>

#include <nlohmann/json.hpp>

#include "report/base64.hpp"
#include "report/encode_png.hpp"
#include "tune/mini_batches.hpp"

namespace mao_program {

namespace {

constexpr int thumbnail_side = 40;

/// Undoes the preprocessing. **Shape** pixels [3, R, R].
Image picture_of(const Tensor& pixels, const Preprocess& preprocess) {
  const int side = static_cast<int>(pixels.size(1));
  const Tensor plain = pixels.cpu().contiguous();
  const float* from = plain.const_data_ptr<float>();
  Image image(side, side);
  const std::size_t count = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t i = 0; i < count; ++i) {
      const float value = from[channel * count + i] * preprocess.deviation[channel] + preprocess.mean[channel];
      image.pixels[3 * i + channel] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0F, 1.0F)));
    }
  }
  return image;
}

std::string thumbnail(const Tensor& pixels, const Preprocess& preprocess) {
  const Image whole = picture_of(pixels, preprocess);
  const int side = std::min(whole.width, thumbnail_side);
  return data_uri("image/png", encode_png(side == whole.width ? whole : resize_bicubic(whole, side, side)));
}

/// Rounded to what a picture needs.
std::vector<double> row_of(const Tensor& rows, std::int64_t index) {
  const Tensor row = rows[index].cpu().contiguous();
  const float* values = row.const_data_ptr<float>();
  std::vector<double> result;
  for (std::int64_t i = 0; i < row.numel(); ++i) result.push_back(std::round(1e4 * values[i]) / 1e4);
  return result;
}

nlohmann::json described(ZeroShot<AnyModel>& untuned, ImageSource& images, const Batch& batch,
                         const Preprocess& preprocess, const c10::Device& device) {
  const at::NoGradGuard frozen;
  Candidates present;
  for (const std::int64_t label : batch.labels) {
    if (std::ranges::find(present.ids, label) == present.ids.end()) present.ids.push_back(label);
  }
  std::vector<View> views;
  for (const std::int64_t image : batch.images) views.push_back({.image = image});
  const ImageBatch loaded = images.load(views);
  const Output output = untuned.forward({.pixels = loaded.pixels.to(device), .features = {}}, present);
  nlohmann::json result{{"classes", nlohmann::json::array()}, {"text", nlohmann::json::array()}};
  for (std::int64_t column = 0; column < present.size(); ++column) {
    result["classes"].push_back(
        untuned.classes().names[static_cast<std::size_t>(present.ids[static_cast<std::size_t>(column)])]);
    result["text"].push_back(row_of(output.text, column));
  }
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    const auto column = std::ranges::find(present.ids, batch.labels[static_cast<std::size_t>(i)]) - present.ids.begin();
    result["images"].push_back({{"class", column},
                                {"features", row_of(output.image, i)},
                                {"thumbnail", thumbnail(loaded.pixels[i], preprocess)}});
  }
  return result;
}

}  // namespace

nlohmann::json mini_batches(const OpenedModel& opened, const TaskHalf& half, ImageSource& images,
                            const Similarity& similarity, const HardNegativeOptions& options,
                            const MethodSettings& settings, std::uint64_t seed) {
  auto untuned = make_zero_shot(opened, half.classes, settings);
  const auto first_of = [&](const auto& sampler) {
    Rng rng = Rng(seed)["batches"][0];  // as the tuner draws its first epoch
    return sampler.epoch(rng).front();
  };
  const auto described_batch = [&](const Batch& batch) {
    return described(untuned, images, batch, opened.model->preprocess(), opened.device);
  };
  const Batch hard = first_of(HardNegativeSampler<Similarity>(half.train_labels, half.classes, similarity, options));
  const int count = static_cast<int>(std::min<std::size_t>(hard.images.size(), half.train_labels.size()));
  const Batch shuffled = first_of(ShuffledSampler(half.train_labels, half.classes, {.batch = count}));
  return {{"hard", described_batch(hard)}, {"shuffled", described_batch(shuffled)}};
}

}  // namespace mao_program
