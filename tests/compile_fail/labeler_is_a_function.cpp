// expect: mao: not a PseudoLabeler: it is a function of the images, rename its `operator()` to `label`; see docs/concepts/pseudo_labeler.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/pseudo_label.hpp>

struct AlwaysFirst {
#ifdef MAO_EXPECT_FAIL
  mao::PseudoLabels operator()(const mao::ImageBatch&) { return {}; }
#else
  mao::PseudoLabels label(const mao::ImageBatch&) { return {}; }
#endif
};

void use(mao::PseudoLabelSampler<AlwaysFirst>& sampler, mao::Batch& batch, const mao::ImageBatch& images) {
  sampler.label(batch, images);
}
