// SPDX-License-Identifier: Apache-2.0
// IVLP: independent prompts in both towers, and the effect of each tower's prompts by themselves.
//
//   build/release/bin/examples/backbones/ivlp
//
// With a prompted image tower, every step runs both towers, so there are few epochs here.
#include <iostream>

#include <mao/backbones/ivlp.hpp>
#include <mao/embedded/few_shot_task.hpp>

namespace {

void tune_and_test(const char* name, mao::Ivlp<mao::Clip> ivlp, const mao::BaseToNewTask& task) {
  mao::plain(ivlp, task.base.classes, task.base.train_labels,
             {.batch = 16, .schedule = {.epochs = 3, .learning_rate = 0.0025}})
      .fit(*task.base.train);
  const double base = mao::test_on(ivlp, task.base).accuracy, fresh = mao::test_on(ivlp, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();
  const mao::ClassList& classes = task.base.classes;

  tune_and_test("both towers", mao::Ivlp(clip, classes, {.text_depth = 3, .vision_depth = 3}), task);
  tune_and_test("text alone ", mao::Ivlp(clip, classes, {.text_depth = 3, .vision_depth = 0}), task);
}
