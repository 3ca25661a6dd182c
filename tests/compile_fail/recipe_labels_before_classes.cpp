// expect: mao: the labels and the classes are swapped (arguments 2 and 3); the order is plain(backbone, classes, labels), and the same for mao_base; see docs/reference/tuner.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, const ClassList& classes, const std::vector<std::int64_t>& labels,
           ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  auto tuner = plain(backbone, labels, classes, {.batch = 2});
#else
  auto tuner = plain(backbone, classes, labels, {.batch = 2});
#endif
  tuner.fit(images);
}
