// expect: mao: the backbone is const, and training changes it: pass one that is not const, and no reference to const; see docs/concepts/backbone.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

#ifdef MAO_EXPECT_FAIL
void train(const archetype::Backbone& backbone, const ClassList& classes, ImageSource& images) {
#else
void train(archetype::Backbone& backbone, const ClassList& classes, ImageSource& images) {
#endif
  auto tuner = plain(backbone, classes, {0, 1});
  tuner.fit(images);
}
