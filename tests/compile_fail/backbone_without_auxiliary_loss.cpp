// expect: mao: not a Backbone: needs `Tensor auxiliary_loss(const Output&, const Batch&)`, return {} when the method has no term of its own
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Mine {
  void bind(const ClassList&);
  const ClassList& classes() const;
  Output forward(const ImageBatch&, const Candidates&);
#ifndef MAO_EXPECT_FAIL
  Tensor auxiliary_loss(const Output&, const Batch&);
#endif
  ParameterList parameters();
};

void train(Mine& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
  tuner.fit(images);
}
