// SPDX-License-Identifier: Apache-2.0
// DePT over CoOp, without MAO and in MAO's base stage: a second head for the base classes.
//
//   build/release/bin/examples/backbones/dept
//
// Any method with RawFeatures can be the host. New classes are scored only by the host.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>
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
  const auto& labels = task.base.train_labels;

  mao::Coop coop(clip, task.base.classes);
  mao::plain(coop, task.base.classes, labels).fit(*task.base.train);
  test("CoOp             ", coop, task);

  mao::Dept dept(mao::Coop(clip, task.base.classes));
  mao::plain(dept, task.base.classes, labels).fit(*task.base.train);
  test("DePT (CoOp)      ", dept, task);

  mao::Dept with_mao(mao::Coop(clip, task.base.classes));
  mao::mao_base(with_mao, task.base.classes, labels, mao::TextTowerSimilarity(clip), {.sampler = {.batch = 2, .k = 8}})
      .fit(*task.base.train);
  test("DePT (CoOp) + MAO", with_mao, task);
}
