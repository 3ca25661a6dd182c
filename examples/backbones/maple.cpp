// SPDX-License-Identifier: Apache-2.0
// MaPLe without MAO and in MAO's base stage: prompts in both towers; the image tower's are computed from the text
// tower's.
//
//   build/release/bin/examples/backbones/maple
//
// The image tower is prompted, so every step runs both towers, and there are few epochs here.
#include <iostream>

#include <mao/backbones/maple.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

namespace {

void test(const char* name, mao::Maple<mao::Clip>& maple, const mao::BaseToNewTask& task) {
  const double base = mao::test_on(maple, task.base).accuracy, fresh = mao::test_on(maple, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();
  const mao::MapleOptions options{.context = 2, .depth = 3};

  mao::Maple maple(clip, task.base.classes, options);
  mao::plain(maple, task.base.classes, task.base.train_labels,
             {.batch = 16, .schedule = {.epochs = 3, .learning_rate = 0.0035}})
      .fit(*task.base.train);
  test("MaPLe      ", maple, task);

  mao::Maple with_mao(clip, task.base.classes, options);
  mao::mao_base(
      with_mao, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip),
      {.sampler = {.batch = 2, .k = 8}, .schedule = {.epochs = 1, .learning_rate = 0.0035, .warmup_epochs = 0}})
      .fit(*task.base.train);
  test("MaPLe + MAO", with_mao, task);
}
