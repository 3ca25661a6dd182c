// expect: mao: `fit` takes the image source itself and not a pointer to it: `tuner.fit(*images)`
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, const std::unique_ptr<ImageSource>& images) {
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
#ifdef MAO_EXPECT_FAIL
  tuner.fit(images);
#else
  tuner.fit(*images);
#endif
}
