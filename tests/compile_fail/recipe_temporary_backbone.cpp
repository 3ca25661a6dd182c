// expect: mao: the backbone is a temporary, which is gone before a tuner trains it: make it a variable that lives as long as the tuner
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

void train(const ClassList& classes, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  auto tuner = plain(archetype::Backbone{}, classes, {0, 1}, {.batch = 2});
#else
  archetype::Backbone backbone;
  auto tuner = plain(backbone, classes, {0, 1}, {.batch = 2});
#endif
  tuner.fit(images);
}
