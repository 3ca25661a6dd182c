// SPDX-License-Identifier: Apache-2.0
// CoOp with the class name in the middle of a random context, without and with MAO.
//
//   build/release/bin/examples/backbones/coop
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();
  const mao::Coop<mao::Clip>::Options options{.init = "", .context = 4, .position = mao::ClassPosition::Middle};

  mao::Coop<mao::Clip> coop(clip, task.base.classes, options);
  mao::plain(coop, task.base.classes, task.base.train_labels, {.schedule = {.epochs = 10, .learning_rate = 0.02}})
      .fit(*task.base.train);
  std::cout << "CoOp        Base " << mao::test_on(coop, task.base).accuracy;
  std::cout << "  New " << mao::test_on(coop, task.fresh).accuracy << "\n";

  mao::Coop<mao::Clip> with_mao(clip, task.base.classes, options);
  mao::MaoBaseOptions base_step{.schedule = {.epochs = 3, .learning_rate = 0.02}};
  const mao::BatchShape shape = mao::automatic_batch(task.base.classes.size());
  base_step.sampler.batch = shape.batch;
  base_step.sampler.k = shape.k;
  mao::mao_base(with_mao, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip), base_step)
      .fit(*task.base.train);
  std::cout << "CoOp + MAO  Base " << mao::test_on(with_mao, task.base).accuracy;

  mao::mao_new(with_mao, task.fresh.train->size(), mao::ZeroShotLabeler(clip, task.fresh.classes))
      .fit(*task.fresh.train);
  std::cout << "  New " << mao::test_on(with_mao, task.fresh).accuracy << "\n";
}
