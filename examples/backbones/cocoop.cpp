// SPDX-License-Identifier: Apache-2.0
// CoCoOp with MAO: each image has its own context; the loss is over the classes of the batch.
//
//   build/release/bin/examples/backbones/cocoop
//
// Every class is encoded again for every image, so MAO's base stage, which encodes only the batch's classes, saves
// much.
#include <iostream>

#include <mao/backbones/cocoop.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::CoCoop cocoop(clip, task.base.classes, {.rows = 128});  // prompts at a time in tests
  mao::mao_base(cocoop, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip),
                {.sampler = {.batch = 2, .k = 4}, .schedule = {.epochs = 2, .learning_rate = 0.002}})
      .fit(*task.base.train);

  const double base = mao::test_on(cocoop, task.base).accuracy, fresh = mao::test_on(cocoop, task.fresh).accuracy;
  std::cout << "CoCoOp + MAO's base stage  Base " << base << "  New " << fresh << "  H "
            << mao::harmonic_mean(base, fresh) << "\n";
}
