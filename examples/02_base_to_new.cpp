// SPDX-License-Identifier: Apache-2.0
// CoOp + MAO, step by step, on a CLIP checkpoint and a folder of images.
//
//   build/release/bin/examples/02_base_to_new ViT-B-16.pt /data/caltech-101
//
// Without arguments, it runs on the embedded model and its rendered images. Hard negatives are ranked by the model
// itself; for the sentence encoder of the paper, pass mao::MiniLm::load() instead of TextTowerSimilarity.
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/open.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

namespace {

// The two stages of MAO with one backbone, which each stage binds to its classes.
void tune_and_test(const std::shared_ptr<const mao::Clip>& clip, const mao::BaseToNewTask& task) {
  mao::Coop coop(clip, task.base.classes);

  // Base stage: labelled images of the base classes with hard negatives; the loss is over the classes of the batch.
  const mao::BatchShape shape = mao::automatic_batch(task.base.classes.size());
  mao::mao_base(coop, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip),
                {.sampler = {.batch = shape.batch, .k = shape.k}})
      .fit(*task.base.train);
  const double base = mao::test_on(coop, task.base).accuracy;

  // New stage: unlabelled images of the new classes, labelled by the frozen model.
  mao::mao_new(coop, task.fresh.train->size(), mao::ZeroShotLabeler(clip, task.fresh.classes)).fit(*task.fresh.train);
  const double fresh = mao::test_on(coop, task.fresh).accuracy;

  std::cout << "Base " << base << "  New " << fresh << "  H " << mao::harmonic_mean(base, fresh) << "\n";
}

// One half of a data set as features of the frozen image tower.
struct Images {
  mao::FeatureImages features;
  std::vector<std::int64_t> labels;

  Images(const mao::Clip& clip, const mao::Dataset& data, const std::vector<mao::Item>& items)
      : features(encoded(clip, data, items)) {
    for (const mao::Item& item : items) labels.push_back(item.label);
  }

  static mao::FeatureImages encoded(const mao::Clip& clip, const mao::Dataset& data,
                                    const std::vector<mao::Item>& items) {
    std::vector<std::filesystem::path> files;
    for (const mao::Item& item : items) files.push_back(data.root / item.path);
    mao::FileImages pixels(files, {.preprocess = clip.preprocess(), .augment = {}});
    return mao::FeatureImages::encode(clip, pixels);
  }
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    const auto clip = mao::embedded::clip();
    mao::embedded::FewShotTask images(*clip, "disjoint", /*seed=*/1);
    tune_and_test(clip, images.task_view());
    return 0;
  }
  const auto clip = std::make_shared<const mao::Clip>(mao::Clip::load(argv[1]));
  const auto [base, fresh] = mao::split_base_new(mao::few_shot_dataset(mao::open_dataset(argv[2]), 16, /*seed=*/1));
  Images base_train(*clip, base, base.train), new_train(*clip, fresh, fresh.train);
  Images base_test(*clip, base, base.test), new_test(*clip, fresh, fresh.test);
  tune_and_test(clip, {{base.classes, &base_train.features, base_train.labels, &base_test.features, base_test.labels},
                       {fresh.classes, &new_train.features, new_train.labels, &new_test.features, new_test.labels}});
} catch (const mao::Error& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
