// SPDX-License-Identifier: Apache-2.0
// PromptSRC compared with IVLP: the same prompts, kept close to the frozen model and averaged over the epochs.
//
//   build/release/bin/examples/backbones/promptsrc
//
// The image tower is prompted, so every step runs both towers. There are few epochs, and the average is scaled to them.
#include <iostream>

#include <mao/backbones/promptsrc.hpp>
#include <mao/embedded/few_shot_task.hpp>

namespace {

template <class BackboneT>
void tune_and_test(const char* name, BackboneT& backbone, const mao::BaseToNewTask& task) {
  mao::plain(backbone, task.base.classes, task.base.train_labels,
             {.batch = 16, .schedule = {.epochs = 3, .learning_rate = 0.0025}})
      .fit(*task.base.train);
  const double base = mao::test_on(backbone, task.base).accuracy, fresh = mao::test_on(backbone, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::Ivlp ivlp(clip, task.base.classes, {.text_context = 4, .text_depth = 3, .vision_context = 4, .vision_depth = 3});
  tune_and_test("IVLP     ", ivlp, task);

  mao::PromptSrc promptsrc(clip, task.base.classes,
                           {.text_depth = 3, .vision_depth = 3, .aggregation = {.planned_for = 20}});
  tune_and_test("PromptSRC", promptsrc, task);
}
