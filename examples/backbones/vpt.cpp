// SPDX-License-Identifier: Apache-2.0
// VPT, shallow and deep: prompts of the image tower only, with the untuned model's class vectors.
//
//   build/release/bin/examples/backbones/vpt
//
// Training does not encode classes, but every step runs the image tower, so there are few epochs here.
#include <iostream>

#include <mao/backbones/vpt.hpp>
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
  for (const std::int64_t depth : {std::int64_t{1}, clip->towers().vision_layers}) {
    mao::Vpt vpt(clip, task.base.classes, {.context = 8, .depth = depth});
    mao::plain(vpt, task.base.classes, task.base.train_labels,
               {.batch = 16, .schedule = {.epochs = 3, .learning_rate = 0.0025}})
        .fit(*task.base.train);
    test(depth == 1 ? "VPT, shallow" : "VPT, deep   ", vpt, task);
  }
}
