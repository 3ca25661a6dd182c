// expect: mao: the backbone is a temporary, which is gone before a tuner trains it: make it a variable that lives as long as the tuner
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

void train(ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  PromptTuner tuner(archetype::Backbone{}, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
#else
  archetype::Backbone backbone;
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
#endif
  tuner.fit(images);
}
