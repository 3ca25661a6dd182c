// expect: mao: not a Sampler: `epoch(mao::Rng&)` does not return a range of mao::Batch, let it return std::vector<mao::Batch>; see docs/concepts/sampler.md
// SPDX-License-Identifier: Apache-2.0
// A tuner of archetypes alone compiles: it asks for no more than the concepts say. One wrong policy gives one sentence.
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Mine {
#ifdef MAO_EXPECT_FAIL
  std::vector<std::vector<int>> epoch(Rng&);
#else
  std::vector<Batch> epoch(Rng&);
#endif
};

void train(archetype::Backbone& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, Mine{}, archetype::Regularizer{}, archetype::Schedule{});
  tuner.fit(images);
}
