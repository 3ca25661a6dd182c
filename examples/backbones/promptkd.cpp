// SPDX-License-Identifier: Apache-2.0
// PromptKD: a student that learns from a tuned teacher, on images of all classes, without labels.
//
//   build/release/bin/examples/backbones/promptkd
//
// Usually, the teacher is a larger model. Here, it is the same model with a tuned prompt.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/promptkd.hpp>
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
  mao::embedded::FewShotTask images(*clip, "shifted", /*seed=*/1, {.shots = 8, .test_images = 10});
  const mao::BaseToNewTask task = images.task_view();

  mao::Coop teacher(clip, task.base.classes);
  mao::plain(teacher, task.base.classes, task.base.train_labels).fit(*task.base.train);
  test("teacher", teacher, task);

  mao::ClassList all = task.base.classes;
  all.names.insert(all.names.end(), task.fresh.classes.names.begin(), task.fresh.classes.names.end());
  teacher.bind(all);
  mao::PromptKd student(clip, teacher, {.vision_context = 4, .vision_depth = 3});

  for (mao::ImageSource* unlabelled : {task.base.train, task.fresh.train}) {
    const std::vector<std::int64_t> none(static_cast<std::size_t>(unlabelled->size()), 0);  // labels are ignored
    mao::plain(student, all, none, {.batch = 16, .schedule = {.epochs = 2, .learning_rate = 0.005, .warmup_epochs = 0}})
        .fit(*unlabelled);
  }
  test("student", student, task);
}
