// expect: mao: not a Regularizer: needs `Candidates candidates(const Batch&, const ClassList&) const`, asked before the forward pass
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Mine {
#ifdef MAO_EXPECT_FAIL
  Candidates candidates(const Batch&, const ClassList&);
#else
  Candidates candidates(const Batch&, const ClassList&) const;
#endif
  Tensor operator()(const Output&, const Batch&) const;
};

void train(archetype::Backbone& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, archetype::Sampler{}, Mine{}, archetype::Schedule{});
  tuner.fit(images);
}
