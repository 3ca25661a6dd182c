// SPDX-License-Identifier: Apache-2.0
// DPC over CoOp: a tuned prompt is kept for new classes, and a copy is trained further for base classes.
//
//   build/release/bin/examples/backbones/dpc
//
// The classes that the tuned host most easily confuses with a training image are its negatives.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/dpc.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/prediction_negatives.hpp>

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
  const auto& labels = task.base.train_labels;

  mao::Coop coop(clip, task.base.classes);
  mao::plain(coop, task.base.classes, labels).fit(*task.base.train);
  test("CoOp      ", coop, task);

  const auto logits = mao::as_matrix(mao::predict_logits(coop, task.base.classes, *task.base.train));
  const mao::PredictionNegatives negatives(labels, task.base.classes, logits, {.batch = 2});
  mao::Dpc dpc(std::move(coop), {.base_weight = 0.5, .trained = mao::DpcParametrisation::Mixture});
  mao::PromptTuner tuner(dpc, negatives, mao::SymmetricContrast{},
                         mao::CosineSchedule({.epochs = 10, .learning_rate = 0.0035}));
  tuner.fit(*task.base.train);
  test("DPC (CoOp)", dpc, task);  // New is that of the host
}
