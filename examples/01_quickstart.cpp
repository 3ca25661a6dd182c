// SPDX-License-Identifier: Apache-2.0
// Tunes a prompt on 16 images per class and tests it on the classes of the training and on new classes.
//
//   build/release/bin/examples/01_quickstart
//
// Uses the small model and the rendered images that come with mao; 02 uses your own.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/tuner/recipes.hpp>

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1);
  const mao::BaseToNewTask task = images.task_view();

  mao::Coop coop(clip, task.base.classes);
  mao::plain(coop, task.base.classes, task.base.train_labels).fit(*task.base.train);

  const double base = mao::test_on(coop, task.base).accuracy;
  const double fresh = mao::test_on(coop, task.fresh).accuracy;  // binds the prompt to the new classes
  mao::ZeroShot untuned(clip, task.base.classes);
  std::cout << "untuned  Base " << mao::test_on(untuned, task.base).accuracy << "  New "
            << mao::test_on(untuned, task.fresh).accuracy << "\n"
            << "CoOp     Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}
