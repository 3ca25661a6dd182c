// expect: mao: the sampler and the regularizer are swapped (arguments 2 and 3); the order is PromptTuner(backbone, sampler, regularizer, schedule); see docs/guides/write-a-policy.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;
namespace A = archetype;

void train(A::Backbone& backbone, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  PromptTuner tuner(backbone, A::Regularizer{}, A::Sampler{}, A::Schedule{});
#else
  PromptTuner tuner(backbone, A::Sampler{}, A::Regularizer{}, A::Schedule{});
#endif
  tuner.fit(images);
}
