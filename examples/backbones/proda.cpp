// SPDX-License-Identifier: Apache-2.0
// ProDA without MAO and in MAO's base stage: several prompts per class, whose variance is part of the loss.
//
//   build/release/bin/examples/backbones/proda
//
// The image tower is frozen, so the features of the images are computed once; MAO's step encodes only the
// classes of the batch, for each prompt of the step.
#include <iostream>

#include <mao/backbones/proda.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

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
  const mao::ProDaOptions options{.prompts = 8, .context = 4, .step_prompts = 4};

  mao::ZeroShot untuned(clip, task.base.classes);
  test("untuned    ", untuned, task);

  mao::ProDa proda(clip, task.base.classes, options);
  mao::plain(proda, task.base.classes, task.base.train_labels, {.schedule = {.epochs = 3, .learning_rate = 0.01}})
      .fit(*task.base.train);
  test("ProDA      ", proda, task);

  mao::ProDa with_mao(clip, task.base.classes, options);
  mao::mao_base(with_mao, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip),
                {.sampler = {.batch = 2, .k = 8}, .schedule = {.epochs = 1, .learning_rate = 0.01, .warmup_epochs = 0}})
      .fit(*task.base.train);
  test("ProDA + MAO", with_mao, task);
}
