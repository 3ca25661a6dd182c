// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/few_shot_task.hpp>

#include <support/catch.hpp>

TEST_CASE("a few-shot task has 16 images a class, the same for the same seed", "[embedded]") {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask first(*clip, "sketch", 1), again(*clip, "sketch", 1), other(*clip, "sketch", 2);
  const mao::BaseToNewTask task = first.task_view(), same = again.task_view(), another = other.task_view();
  CHECK(task.base.classes.size() == 20);
  CHECK(task.base.train->size() == 20 * 16);
  CHECK(task.fresh.test->size() == 20 * 40);
  CHECK(task.base.train_labels == another.base.train_labels);
  const auto pixels = [](const mao::TaskHalf& half) { return half.train->load({{.image = 0}, {.image = 33}}).pixels; };
  CHECK(pixels(task.base).equal(pixels(same.base)));
  CHECK_FALSE(pixels(task.base).equal(pixels(another.base)));
}
