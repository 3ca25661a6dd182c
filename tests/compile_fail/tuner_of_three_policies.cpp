// expect: mao: a tuner takes four policies, PromptTuner(backbone, sampler, regularizer, schedule), and one is missing: mao::CrossEntropy{} is the usual regularizer
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Schedule{});
#else
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
#endif
  tuner.fit(images);
}
