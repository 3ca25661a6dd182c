// expect: mao: the backbone is a std::shared_ptr, pass what it points to: `*backbone`; see docs/concepts/backbone.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

void train(std::shared_ptr<archetype::Backbone> backbone, const ClassList& classes, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  auto tuner = plain(backbone, classes, {0, 1});
#else
  auto tuner = plain(*backbone, classes, {0, 1});
#endif
  tuner.fit(images);
}
