// SPDX-License-Identifier: Apache-2.0
// ProGrad: steps follow the labels, without the part that contradicts the frozen model.
//
//   build/release/bin/examples/backbones/prograd
//
// The method computes its gradients from two losses itself; the tuner lets it, because it has `combine`.
#include <iostream>

#include <mao/backbones/prograd.hpp>
#include <mao/embedded/few_shot_task.hpp>

static_assert(mao::CombinesLosses<mao::ProGrad<mao::Clip>>);

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  for (const double lambda : {0.0, 1.0}) {  // 0 is CoOp
    mao::ProGrad prograd(clip, task.base.classes, {.templates = {"a photo of a {}."}, .lambda = lambda});
    mao::plain(prograd, task.base.classes, task.base.train_labels, {.schedule = {.epochs = 10, .learning_rate = 0.002}})
        .fit(*task.base.train);
    const double base = mao::test_on(prograd, task.base).accuracy, fresh = mao::test_on(prograd, task.fresh).accuracy;
    std::cout << "lambda " << lambda << "  Base " << base << "  New " << fresh << "  H "
              << mao::harmonic_mean(base, fresh) << "\n";
  }
}
