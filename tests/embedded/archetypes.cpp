// SPDX-License-Identifier: Apache-2.0
// Everything that takes a policy is instantiated with the least that its concept asks for; asking for more does not
// compile.
#include <mao/embedded/archetypes.hpp>

#include <mao/models/image_sources.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

namespace mao::archetype {

void Backbone::bind(const ClassList&) {}
const ClassList& Backbone::classes() const {
  static const ClassList one{{"cat"}};
  return one;
}
Output Backbone::forward(const ImageBatch&, const Candidates&) { return {}; }
Tensor Backbone::auxiliary_loss(const Output&, const Batch&) { return {}; }
ParameterList Backbone::parameters() { return {}; }
std::vector<Batch> Sampler::epoch(Rng&) { return {}; }
Candidates Regularizer::candidates(const Batch&, const ClassList&) const { return {}; }
Tensor Regularizer::operator()(const Output&, const Batch&) const { return {}; }
int Schedule::epochs() const { return 3; }
double Schedule::learning_rate(int) const { return 0; }
PseudoLabels PseudoLabeler::label(const ImageBatch&) { return {}; }
Eigen::MatrixXf TextSimilarity::operator()(const std::vector<std::string>&, const std::vector<std::string>&) const {
  return {};
}

}  // namespace mao::archetype

namespace archetype = mao::archetype;

template class mao::detail::PromptTunerImpl<archetype::Backbone, archetype::Sampler, archetype::Regularizer,
                                            archetype::Schedule>;
template class mao::HardNegativeSampler<archetype::TextSimilarity>;
template class mao::PseudoLabelSampler<archetype::PseudoLabeler>;
template mao::Tensor mao::predict_logits(archetype::Backbone&, const mao::ClassList&, mao::ImageSource&, std::int64_t);

TEST_CASE("a tuner runs on archetypes", "[archetypes]") {
  archetype::Backbone backbone;
  mao::PromptTuner tuner(backbone, archetype::Sampler{}, archetype::Regularizer{}, archetype::Schedule{});
  mao::TensorImages images(at::zeros({1, 3, 2, 2}));
  CHECK_THROWS_WITH(tuner.fit(images), ContainsSubstring("`parameters()` is empty"));  // as far as they go
  CHECK(tuner.state().epochs_done == 0);
}

TEST_CASE("archetypes offer nothing that is optional", "[archetypes]") {
  STATIC_REQUIRE_FALSE(mao::ClassFeatures<archetype::Backbone>);
  STATIC_REQUIRE_FALSE(mao::FrozenImageTower<archetype::Backbone>);
  STATIC_REQUIRE_FALSE(mao::NeedsAllClasses<archetype::Backbone>);
  STATIC_REQUIRE_FALSE(mao::EpochAware<archetype::Backbone>);
  STATIC_REQUIRE_FALSE(mao::Finishes<archetype::Backbone>);
  STATIC_REQUIRE_FALSE(mao::CombinesLosses<archetype::Backbone>);
  STATIC_REQUIRE_FALSE(mao::LabelsBatches<archetype::Sampler>);
}
