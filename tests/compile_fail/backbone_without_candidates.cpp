// expect: mao: not a Backbone: `forward` takes the candidates too, `Output forward(const ImageBatch&, const Candidates&)`; see docs/concepts/backbone.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Mine {
  void bind(const ClassList&);
  const ClassList& classes() const;
#ifdef MAO_EXPECT_FAIL
  Output forward(const ImageBatch&);
#else
  Output forward(const ImageBatch&, const Candidates&);
#endif
  Tensor auxiliary_loss(const Output&, const Batch&);
  ParameterList parameters();
};

void train(Mine& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
  tuner.fit(images);
}
