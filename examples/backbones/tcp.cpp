// SPDX-License-Identifier: Apache-2.0
// TCP: each class gets vectors of its own, made from what the frozen model knows about it, also when it is new.
//
//   build/release/bin/examples/backbones/tcp
//
// The class vectors go in before a block of the text tower; the embedded model has few, so it is an early one here.
#include <iostream>

#include <mao/backbones/tcp.hpp>
#include <mao/embedded/few_shot_task.hpp>

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1);
  const mao::BaseToNewTask task = images.task_view();

  mao::Tcp tcp(clip, task.base.classes, {.init = "a photo of a", .block = clip->towers().text_layers - 1});
  mao::plain(
      tcp, task.base.classes, task.base.train_labels,
      {.schedule = {.epochs = 10, .learning_rate = 0.002}, .tuner = {.optimizer = {.kind = mao::OptimizerKind::Adam}}})
      .fit(*task.base.train);

  const double base = mao::test_on(tcp, task.base).accuracy;
  const double fresh = mao::test_on(tcp, task.fresh).accuracy;  // class vectors for names it was never trained on
  std::cout << "TCP  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}
