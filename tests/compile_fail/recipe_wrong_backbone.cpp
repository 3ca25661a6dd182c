// expect: mao: not a Backbone: needs `ParameterList parameters()`, the named tensors that train; see docs/concepts/backbone.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

struct Mine {
  void bind(const ClassList&);
  const ClassList& classes() const;
  Output forward(const ImageBatch&, const Candidates&);
  Tensor auxiliary_loss(const Output&, const Batch&);
#ifndef MAO_EXPECT_FAIL
  ParameterList parameters();
#endif
};

void train(Mine& backbone, const ClassList& classes, ImageSource& images) {
  auto tuner = plain(backbone, classes, {0, 1});
  tuner.fit(images);
}
