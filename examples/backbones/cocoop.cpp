// SPDX-License-Identifier: Apache-2.0
// CoCoOp with MAO: a context of its own for each image, judged against the classes of the batch.
//
//   build/release/bin/examples/backbones/cocoop
//
// Every image needs every class encoded anew, so MAO's base step, which encodes the batch's classes alone, saves the
// more.
#include <iostream>

#include <mao/backbones/cocoop.hpp>
#include <mao/prompts/text_tower_similarity.hpp>

#include "embedded/embedded.hpp"

int main() {
  const auto clip = mao::world::embedded_clip();
  mao::world::FewShotTask images(*clip, "sketch", /*seed=*/1);
  const mao::BaseToNewTask task = images.task_view();

  mao::CoCoop cocoop(clip, task.base.classes, {.rows = 128});  // prompts at a time when it is tested
  mao::mao_base(cocoop, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip),
           {.sampler = {.batch = 2, .k = 4}, .schedule = {.epochs = 2, .learning_rate = 0.002}})
      .fit(*task.base.train);

  const double base = mao::test_on(cocoop, task.base).accuracy, fresh = mao::test_on(cocoop, task.fresh).accuracy;
  std::cout << "CoCoOp + MAO's base step  Base " << base << "  New " << fresh << "  H "
            << mao::harmonic_mean(base, fresh) << "\n";
}
