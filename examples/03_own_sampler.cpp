// SPDX-License-Identifier: Apache-2.0
// Your own sampler: one struct.
//
//   build/release/bin/examples/03_own_sampler
//
// A sampler makes the batches of an epoch. This one puts every class into every batch.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/few_shot_task.hpp>

/// Each batch has one image of every class, in random order.
struct BalancedSampler {
  std::vector<std::vector<std::int64_t>> images_of_class;  // positions in the image source

  explicit BalancedSampler(const std::vector<std::int64_t>& labels) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto label = static_cast<std::size_t>(labels[i]);
      if (label >= images_of_class.size()) images_of_class.resize(label + 1);
      images_of_class[label].push_back(static_cast<std::int64_t>(i));
    }
  }

  // Everything random comes from `rng`: the same seed gives the same run.
  std::vector<mao::Batch> epoch(mao::Rng& rng) {
    for (auto& images : images_of_class) rng.shuffle(images);
    std::vector<mao::Batch> batches(images_of_class.front().size());
    for (std::size_t step = 0; step < batches.size(); ++step) {
      for (std::size_t label = 0; label < images_of_class.size(); ++label) {
        batches[step].images.push_back(images_of_class[label][step % images_of_class[label].size()]);
        batches[step].labels.push_back(static_cast<std::int64_t>(label));
      }
    }
    return batches;
  }
};
static_assert(mao::Sampler<BalancedSampler>);

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1);
  const mao::BaseToNewTask task = images.task_view();

  mao::Coop coop(clip, task.base.classes);
  mao::PromptTuner tuner(coop, BalancedSampler(task.base.train_labels), mao::CrossEntropy{},
                         mao::CosineSchedule({.epochs = 10, .learning_rate = 0.002}));
  tuner.fit(*task.base.train);
  std::cout << "CoOp with balanced batches: Base " << mao::test_on(coop, task.base).accuracy << "  New "
            << mao::test_on(coop, task.fresh).accuracy << "\n";
}
