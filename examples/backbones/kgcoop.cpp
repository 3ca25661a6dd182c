// SPDX-License-Identifier: Apache-2.0
// KgCoOp compared with CoOp: class vectors that stay close to those of hand-written prompts.
//
//   build/release/bin/examples/backbones/kgcoop
//
// `templates` are the teacher's sentences, `weight` is the strength of the pull towards them.
#include <iostream>

#include <mao/backbones/kgcoop.hpp>
#include <mao/embedded/few_shot_task.hpp>

namespace {

template <class BackboneT>
void tune_and_test(const char* name, BackboneT& backbone, const mao::BaseToNewTask& task) {
  mao::plain(backbone, task.base.classes, task.base.train_labels).fit(*task.base.train);
  const double base = mao::test_on(backbone, task.base).accuracy, fresh = mao::test_on(backbone, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::Coop coop(clip, task.base.classes);
  tune_and_test("CoOp  ", coop, task);

  mao::KgCoop kgcoop(clip, task.base.classes, {.templates = {"a photo of a {}."}, .weight = 8});
  tune_and_test("KgCoOp", kgcoop, task);
}
