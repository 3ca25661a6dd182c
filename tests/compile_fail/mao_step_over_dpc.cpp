// expect: mao: this backbone brings its own hard negatives (DPC), MAO's base stage would mine them twice: tune the host with MAO, then this method with its own sampler; see docs/concepts/backbone.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/dpc.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/prediction_negatives.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;
using Tuned = Dpc<Coop<testing::ToyModel>>;

void train(Tuned& dpc, ImageSource& images, const std::vector<std::int64_t>& labels, const Eigen::MatrixXf& logits) {
#ifdef MAO_EXPECT_FAIL
  static_cast<void>(logits);
  mao_base(dpc, dpc.classes(), labels, TextTowerSimilarity(testing::ToyModel::make())).fit(images);
#else
  PromptTuner(dpc, PredictionNegatives(labels, dpc.classes(), logits), SymmetricContrast{}, CosineSchedule{})
      .fit(images);
#endif
}
