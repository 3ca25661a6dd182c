// expect: mao: not a Regularizer: needs `Tensor operator()(const Output&, const Batch&) const`, the whole task loss
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Mine {
  Candidates candidates(const Batch&, const ClassList&) const;
#ifdef MAO_EXPECT_FAIL
  double operator()(const Output&, const Batch&) const;
#else
  Tensor operator()(const Output&, const Batch&) const;
#endif
};

void train(archetype::Backbone& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, archetype::Sampler{}, Mine{}, archetype::Schedule{});
  tuner.fit(images);
}
