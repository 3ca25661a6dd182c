// expect: mao: this PseudoLabeler does not say which classes its labels are positions in: name them before it, `mao_new(backbone, classes, count, labeler)` or `PseudoLabelSampler(count, classes, labeler)`, or add `const mao::ClassList& classes() const` to it; see docs/concepts/pseudo_labeler.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

struct AlwaysFirst {
  PseudoLabels label(const ImageBatch& images) {
    return {.labels = std::vector<std::int64_t>(static_cast<std::size_t>(images.size()), 0), .confidence = {}};
  }
};

void train(Coop<testing::ToyModel>& coop, const ClassList& classes, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  static_cast<void>(classes);
  mao_new(coop, images.size(), AlwaysFirst{}).fit(images);
#else
  mao_new(coop, classes, images.size(), AlwaysFirst{}).fit(images);
#endif
}
