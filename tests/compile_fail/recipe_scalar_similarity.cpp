// expect: mao: not a TextSimilarity: it compares two names, not two lists of names, let it take `const std::vector<std::string>& queries, const std::vector<std::string>& candidates`
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, const ClassList& classes, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  const auto similarity = [](const std::string& a, const std::string& b) { return a == b ? 1.0F : 0.0F; };
#else
  const archetype::TextSimilarity similarity;
#endif
  auto tuner = mao_base(backbone, classes, {0, 1}, similarity);
  tuner.fit(images);
}
