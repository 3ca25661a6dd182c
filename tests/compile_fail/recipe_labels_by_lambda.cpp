// expect: mao: not a PseudoLabeler: it is a function of the images, rename its `operator()` to `label`; see docs/concepts/pseudo_labeler.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, const ClassList& classes) {
#ifdef MAO_EXPECT_FAIL
  const auto labeler = [](const ImageBatch&) { return PseudoLabels(); };
#else
  const archetype::PseudoLabeler labeler;
#endif
  auto tuner = mao_new(backbone, classes, 8, labeler);
}
