// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Steps of the library's own tuner on one batch that is known beforehand, so that both sides see the same.

#include <utility>
#include <vector>

#include <mao/schedules/constant.hpp>
#include <mao/tuner/prompt_tuner.hpp>

#include "bench.hpp"

namespace bench {

/// A sampler that gives the same batch again and again.
struct FixedBatch {
  mao::Batch batch;
  int repeat;

  [[nodiscard]] std::vector<mao::Batch> epoch(mao::Rng&) const {
    return std::vector<mao::Batch>(static_cast<std::size_t>(repeat), batch);
  }
};

/// Images 0 .. count - 1 with their labels.
inline mao::Batch first_images(std::int64_t count, std::int64_t classes) {
  mao::Batch batch;
  for (std::int64_t i = 0; i < count; ++i) batch.images.push_back(i);
  batch.labels = labels(count, classes);
  return batch;
}

/// Trains `backbone` for as many steps as the sampler has batches; the loss of the last.
template <class BackboneT, class SamplerT, class RegularizerT>
double train(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, mao::ImageSource& images, bool augment) {
  mao::PromptTuner tuner(backbone, std::move(sampler), std::move(regularizer),
                         mao::ConstantSchedule({.epochs = 1, .learning_rate = 1e-5}),
                         mao::TunerOptions{.augment = augment, .name = "benchmark"});
  double loss = 0;
  tuner.fit(images,
            {.on_step = [&](const mao::StepReport& report) { loss = report.loss; }, .on_epoch = {}, .should_stop = {}});
  return loss;
}

}  // namespace bench
