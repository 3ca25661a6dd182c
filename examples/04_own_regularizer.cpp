// SPDX-License-Identifier: Apache-2.0
// Your own regularizer: it chooses the classes of the loss and computes the loss.
//
//   build/release/bin/examples/04_own_regularizer
//
// This one uses the classes of the batch and a few others that are most easily confused with
// them.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/core/operators.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/sampling/similarity.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

/// reg-B plus the nearest class of each class in the batch.
struct NeighbourRegularizer {
  mao::NearestClasses nearest;

  // Called before the forward pass, so that only these classes are encoded.
  mao::Candidates candidates(const mao::Batch& batch, const mao::ClassList&) const {
    mao::Candidates chosen;
    const auto add = [&](std::int64_t id) {
      if (std::find(chosen.ids.begin(), chosen.ids.end(), id) == chosen.ids.end()) chosen.ids.push_back(id);
    };
    for (const std::int64_t label : batch.labels) {
      for (const std::int64_t near : nearest.of(label)) add(near);
      add(label);
    }
    return chosen;
  }

  // The whole task loss: cross entropy with smoothed labels over the candidates.
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const mao::Tensor hard =
        mao::weighted_cross_entropy(output.logits, mao::columns_of(batch.labels, output.candidates), batch.weights);
    const mao::Tensor even = mao::weighted_mean(output.logits.log_softmax(1).mean(1).neg(), batch.weights);
    return hard * 0.9 + even * 0.1;
  }
};
static_assert(mao::Regularizer<NeighbourRegularizer>);

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1);
  const mao::BaseToNewTask task = images.task_view();

  const auto similarity = mao::class_similarity(task.base.classes, mao::TextTowerSimilarity(clip));
  mao::Coop coop(clip, task.base.classes);
  mao::PromptTuner tuner(coop, mao::ShuffledSampler(task.base.train_labels, task.base.classes, {.batch = 8}),
                         NeighbourRegularizer{mao::NearestClasses(similarity, 2)},
                         mao::CosineSchedule({.epochs = 10, .learning_rate = 0.002}));
  tuner.fit(*task.base.train);
  std::cout << "CoOp against neighbours: Base " << mao::test_on(coop, task.base).accuracy << "  New "
            << mao::test_on(coop, task.fresh).accuracy << "\n";
}
