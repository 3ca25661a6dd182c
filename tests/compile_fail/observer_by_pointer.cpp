// expect: mao: not an observer: it has none of on_start, on_gradients, on_step, on_epoch, on_end, should_stop, should_finish
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

void train(archetype::Backbone& backbone, ImageSource& images, Observer* observer) {
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
#ifdef MAO_EXPECT_FAIL
  tuner.fit(images, observer);
#else
  tuner.fit(images, *observer);
#endif
}
