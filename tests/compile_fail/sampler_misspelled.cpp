// expect: mao: not a Sampler: no `epoch(mao::Rng&)`, rename `sample` or `batches` to `epoch`
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Mine {
#ifdef MAO_EXPECT_FAIL
  std::vector<Batch> batches(Rng&);
#else
  std::vector<Batch> epoch(Rng&);
#endif
};

void train(archetype::Backbone& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, Mine{}, archetype::Regularizer{}, archetype::Schedule{});
  tuner.fit(images);
}
