// SPDX-License-Identifier: Apache-2.0
// ADAPT in our design: all blocks start with the same number of learned tokens and lose the least salient ones.
//
//   build/release/bin/examples/backbones/adapt
//
// Prints the accuracies, then the number of tokens that remain in each block.
#include <iostream>

#include <mao/backbones/adapt.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/few_shot_task.hpp>

namespace {

template <class BackboneT>
void test(const char* name, BackboneT& backbone, const mao::BaseToNewTask& task) {
  const double base = mao::test_on(backbone, task.base).accuracy, fresh = mao::test_on(backbone, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

void lengths(const char* name, const mao::TokenBank& bank) {
  std::cout << name;
  for (std::int64_t block = 0; block < bank.tokens().value.size(0); ++block) {
    std::cout << ' ' << bank.kept_in(block).size();
  }
  std::cout << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::ZeroShot untuned(clip, task.base.classes);
  test("untuned", untuned, task);
  mao::Adapt adapt(clip, task.base.classes, {.tokens = 4, .target = 14});
  mao::plain(adapt, task.base.classes, task.base.train_labels,
             {.batch = 16, .schedule = {.epochs = 5, .learning_rate = 0.02}})
      .fit(*task.base.train);
  test("ADAPT  ", adapt, task);
  lengths("text tokens of each block:  ", adapt.text_tokens());
  lengths("vision tokens of each block:", adapt.vision_tokens());
}
