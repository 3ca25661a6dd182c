// SPDX-License-Identifier: Apache-2.0
// Prompt tuning on a model that is not CLIP: an ImageNet classifier with a sentence encoder.
//
//   06_another_model [--weights DIR]     DIR: the folder of mobilenet_v2_tf2ptq.safetensors and .graph.json
// Without weights, the same code uses a tiny random model: nothing below depends on the model.
#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/evaluation/metrics.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/models/mobilenet_minilm.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

// A model has the members of this concept: tokens, embeddings, two encoders, a scale. There is no base class.
static_assert(mao::VisionLanguageModel<mao::MobileNetMiniLm>);

// Ranks class names for MAO's hard negatives; any function of two lists of names works.
struct SharedLetters {
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries, const std::vector<std::string>& names) const {
    Eigen::MatrixXf likeness(std::ssize(queries), std::ssize(names));
    for (Eigen::Index q = 0; q < likeness.rows(); ++q) {
      for (Eigen::Index n = 0; n < likeness.cols(); ++n) {
        const std::string& name = names[static_cast<std::size_t>(n)];
        const auto in_query = [&](char c) { return queries[static_cast<std::size_t>(q)].find(c) != std::string::npos; };
        likeness(q, n) = static_cast<float>(std::ranges::count_if(name, in_query)) / static_cast<float>(name.size());
      }
    }
    return likeness;
  }
};

template <mao::VisionLanguageModel ModelT>
void run(const std::shared_ptr<const ModelT>& model) {
  // Random patterns instead of pictures; mao::FileImages reads real ones.
  const int side = model->preprocess().resolution;
  const mao::testing::ToyImages base_images(6, 4, 1, side), new_images(6, 4, 2, side);
  mao::TensorImages base_pixels(base_images.pixels), new_pixels(new_images.pixels);
  auto base = mao::FeatureImages::encode(*model, base_pixels), fresh = mao::FeatureImages::encode(*model, new_pixels);
  const mao::ClassList base_classes = mao::testing::toy_classes(6);
  const mao::ClassList new_classes{{"grey wolf", "bee", "elk", "old_crow", "newt", "tiny frog"}};

  const auto report = [&](const char* what, mao::Coop<ModelT>& coop) {
    const auto found = mao::winners(mao::predict_logits(coop, base_classes, base));
    std::cout << what << mao::measure(found, base_images.labels, base_classes.size()).accuracy
              << " % of the training images\n";
  };
  mao::Coop<ModelT> coop(model, base_classes);
  report("untrained: ", coop);
  mao::plain(coop, base_classes, base_images.labels, {.batch = 8, .schedule = {.epochs = 5}}).fit(base);
  report("CoOp:      ", coop);

  mao::Coop<ModelT> tuned(model, base_classes);
  mao::mao_base(tuned, base_classes, base_images.labels, SharedLetters{},
                {.sampler = {.batch = 2, .k = 3}, .schedule = {.epochs = 5}})
      .fit(base);
  report("MAO, base: ", tuned);
  // The same prompt with the labeller's classes. Their images need no labels.
  mao::mao_new(tuned, fresh.size(), mao::ZeroShotLabeler<ModelT>(model, new_classes), {.schedule = {.epochs = 5}})
      .fit(fresh);
  std::cout << "MAO, new:  trained on " << fresh.size() << " unlabelled images of " << new_classes.size()
            << " classes\n";
}

int main(int argc, char** argv) try {
  const bool given = argc == 3 && std::string(argv[1]) == "--weights";
  if (!given) std::cout << "No --weights DIR given: a tiny random model is used instead of MobileNetV2 and MiniLM.\n";
  if (given) run(std::make_shared<const mao::MobileNetMiniLm>(mao::MobileNetMiniLm::load(argv[2])));
  if (!given) run(mao::testing::ToyModel::make());
} catch (const std::exception& failure) {
  std::cerr << failure.what() << "\n";
  return 1;
}
