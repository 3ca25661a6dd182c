// expect: mao: this backbone has no loss over labels (PromptKD), so reg-B and hard negatives have nothing to act on: use Plain, or MaoNew on images of the new classes; see docs/concepts/backbone.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;
using Model = testing::ToyModel;

void train(PromptKd<Model, ZeroShot<Model>>& student, ImageSource& images, const std::vector<std::int64_t>& labels) {
#ifdef MAO_EXPECT_FAIL
  mao_base(student, student.classes(), labels, TextTowerSimilarity(Model::make())).fit(images);
#else
  plain(student, student.classes(), labels).fit(images);
#endif
}
