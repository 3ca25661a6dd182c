// SPDX-License-Identifier: Apache-2.0
// TCP: each class, also a new one, gets its own vectors, which are computed from the frozen model's class vector.
//
//   build/release/bin/examples/backbones/tcp
//
// They are inserted before a block of the text tower; the embedded model has few blocks, so it is the last one here.
#include <iostream>

#include <mao/backbones/tcp.hpp>
#include <mao/embedded/few_shot_task.hpp>

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::Tcp tcp(clip, task.base.classes, {.init = "a photo of a", .block = clip->towers().text_layers - 1});
  mao::plain(
      tcp, task.base.classes, task.base.train_labels,
      {.schedule = {.epochs = 10, .learning_rate = 0.002}, .tuner = {.optimizer = {.kind = mao::OptimizerKind::Adam}}})
      .fit(*task.base.train);

  const double base = mao::test_on(tcp, task.base).accuracy;
  const double fresh = mao::test_on(tcp, task.fresh).accuracy;  // class vectors for new names
  std::cout << "TCP  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}
