// expect: mao: `state()` of a sampler or labeller returns something else, let it return std::string or mao::TensorMap; see docs/concepts/sampler.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/prompt_tuner.hpp>

using namespace mao;

struct Counting : archetype::Sampler {
#ifdef MAO_EXPECT_FAIL
  int state() const;
  void set_state(int);
#else
  std::string state() const;
  void set_state(const std::string&);
#endif
};

void train(archetype::Backbone& backbone, ImageSource& images) {
  PromptTuner tuner(backbone, Counting{}, archetype::Regularizer{}, archetype::Schedule{});
  tuner.fit(images);
}
