// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/few_shot_task.hpp>

#include <support/catch.hpp>

TEST_CASE("a few-shot task has 16 images a class, and fewer of the same when asked for", "[embedded]") {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask all(*clip, "sketch", 1), few(*clip, "sketch", 1, {.shots = 2, .test_images = 1}),
      other(*clip, "sketch", 2, {.shots = 2, .test_images = 1});
  const mao::BaseToNewTask task = all.task_view(), small = few.task_view(), another = other.task_view();
  CHECK(task.base.classes.size() == 20);
  CHECK(task.base.train->size() == 20 * 16);
  CHECK(task.fresh.test->size() == 20 * 40);
  CHECK(small.base.train->size() == 20 * 2);
  CHECK(small.fresh.test->size() == 20);
  CHECK(small.base.train_labels == another.base.train_labels);
  const auto pixels = [](mao::ImageSource& source, std::int64_t first, std::int64_t second) {
    return source.load({{.image = first}, {.image = second}}).pixels;
  };
  // The first and second image of class 2, and the first test image of class 3.
  CHECK(pixels(*task.base.train, 32, 33).equal(pixels(*small.base.train, 4, 5)));
  CHECK(pixels(*task.base.test, 0, 120).equal(pixels(*small.base.test, 0, 3)));
  CHECK_FALSE(pixels(*small.base.train, 4, 5).equal(pixels(*another.base.train, 4, 5)));
}

TEST_CASE("a few-shot task of no images is refused", "[embedded]") {
  const auto clip = mao::embedded::clip();
  using mao::embedded::FewShotTask;
  CHECK_THROWS_WITH(FewShotTask(*clip, "sketch", 1, {.shots = 0}),
                    ContainsSubstring("at least one image of each class"));
  CHECK_THROWS_WITH(FewShotTask(*clip, "sketch", 1, {.shots = 1, .test_images = -1}), ContainsSubstring("not -1"));
  CHECK_THROWS_WITH(FewShotTask(*clip, "photo", 1), ContainsSubstring("expected sketch, shifted or disjoint"));
}
