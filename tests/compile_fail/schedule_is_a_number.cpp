// expect: mao: not a Schedule: this is not a class (a pointer or a number?), pass the schedule itself by value
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, 10);
#else
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
#endif
  tuner.fit(images);
}
