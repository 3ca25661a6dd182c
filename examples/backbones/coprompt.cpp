// SPDX-License-Identifier: Apache-2.0
// CoPrompt: MaPLe's prompts with an adapter after each tower, kept close to descriptions of classes and second views.
//
//   build/release/bin/examples/backbones/coprompt
//
// Every class needs the same number of descriptions. The authors generated them with a language model
// (mao::descriptions_of_file reads such a file); here they are templates.
#include <iostream>

#include <mao/backbones/coprompt.hpp>
#include <mao/embedded/few_shot_task.hpp>

namespace {

template <class BackboneT>
void tune_and_test(const char* name, BackboneT& backbone, const mao::BaseToNewTask& task) {
  mao::plain(backbone, task.base.classes, task.base.train_labels,
             {.batch = 16, .schedule = {.epochs = 3, .learning_rate = 0.0035}})
      .fit(*task.base.train);
  const double base = mao::test_on(backbone, task.base).accuracy, fresh = mao::test_on(backbone, task.fresh).accuracy;
  std::cout << name << "  Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

}  // namespace

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::Maple maple(clip, task.base.classes, {.context = 2, .depth = 3});
  tune_and_test("MaPLe   ", maple, task);

  mao::CoPromptOptions options{.context = 2, .depth = 3};
  options.descriptions = mao::descriptions_of_templates({"a photo of a {}.", "a drawing of a {}.", "a small {}."});
  mao::CoPrompt coprompt(clip, task.base.classes, options);
  tune_and_test("CoPrompt", coprompt, task);
}
