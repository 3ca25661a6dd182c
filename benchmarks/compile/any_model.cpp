// SPDX-License-Identifier: Apache-2.0
// What compile_time.py measures: as concrete_model.cpp, over a model that is opened here and held as AnyModel.
#include <mao/backbones/coop.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/recipes.hpp>

void train(const std::filesystem::path& checkpoint, const mao::ClassList& classes, std::vector<std::int64_t> labels,
           mao::ImageSource& images, const mao::ClassList& fresh, mao::ImageSource& unlabelled) {
  const auto model = std::make_shared<const mao::AnyModel>(mao::Clip::load(checkpoint));
  mao::Coop coop(model, classes);
  mao::mao_base(coop, classes, std::move(labels), mao::TextTowerSimilarity(model)).fit(images);
  mao::mao_new(coop, unlabelled.size(), mao::ZeroShotLabeler(model, fresh)).fit(unlabelled);
}
