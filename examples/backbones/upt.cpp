// SPDX-License-Identifier: Apache-2.0
// UPT as the paper describes it and as its release computes it: do the prompts of both towers see each other?
//
//   build/release/bin/examples/backbones/upt
//
// The image tower is prompted, so every step runs both towers, and there are few epochs here.
#include <iostream>

#include <mao/backbones/upt.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/few_shot_task.hpp>

namespace {

template <class BackboneT>
void test(const char* name, BackboneT& backbone, const mao::BaseToNewTask& task) {
  const double base = mao::test_on(backbone, task.base).accuracy, fresh = mao::test_on(backbone, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::ZeroShot untuned(clip, task.base.classes);
  test("untuned     ", untuned, task);
  for (const bool mix : {true, false}) {
    mao::Upt upt(clip, task.base.classes, {.context = 4, .mix_prompts = mix});
    mao::plain(upt, task.base.classes, task.base.train_labels,
               {.batch = 16, .schedule = {.epochs = 3, .learning_rate = 0.002}})
        .fit(*task.base.train);
    test(mix ? "UPT         " : "UPT, unmixed", upt, task);
  }
}
