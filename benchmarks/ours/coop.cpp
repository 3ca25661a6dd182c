// SPDX-License-Identifier: Apache-2.0
// Steps of CoOp, CoOp + MAO's base stage and CoOp + MAO's new stage: with kept image features, or with fresh views of
// image files that go through the image tower.
#include <ATen/core/grad_mode.h>

#include <mao/backbones/coop.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/pseudo_label.hpp>

#include "bench.hpp"
#include "fixed_batch.hpp"

namespace bench {
namespace {

using Labeler = mao::ZeroShotLabeler<mao::Clip>;

/// The batch without its labels, which the labeller gives.
class FixedNewBatch : public mao::PseudoLabelSampler<Labeler> {
 public:
  FixedNewBatch(Labeler labeler, mao::Batch batch, int repeat)
      : mao::PseudoLabelSampler<Labeler>(batch.size(), std::move(labeler)), steps_{std::move(batch), repeat} {
    steps_.batch.labels.clear();
  }
  [[nodiscard]] std::vector<mao::Batch> epoch(mao::Rng& rng) const { return steps_.epoch(rng); }

 private:
  FixedBatch steps_;
};

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

class CoopCase : public Case {
 public:
  CoopCase(Inputs& inputs, const Request& request)
      : clip_(inputs.clip(request.precision)),
        coop_(clip_, inputs.classes(request.classes)),
        labeler_(clip_, inputs.classes(request.classes)),
        batch_(first_images(request.images, request.classes)),
        base_(contains(request.name, "mao") && !contains(request.name, "mao_new")),
        fresh_(contains(request.name, "mao_new")),
        online_(contains(request.name, "online")) {
    if (online_) {  // read, decode and augment each time: no pictures are kept
      images_ = std::make_unique<mao::FileImages>(
          inputs.photographs(),
          mao::LoaderOptions{.preprocess = clip_->preprocess(), .augment = {}, .threads = 0, .cache_bytes = 0});
    } else {
      const at::NoGradGuard frozen;
      images_ = std::make_unique<mao::FeatureImages>(clip_->encode_image(inputs.pixels(request.images)));
    }
  }

  void run(int repeat) override {
    using mao::AlterableRegularizer;
    if (fresh_) {
      loss_ = train(coop_, FixedNewBatch(labeler_, batch_, repeat),
                    AlterableRegularizer({.task = AlterableRegularizer::Task::New}), *images_, online_);
    } else if (base_) {
      loss_ = train(coop_, FixedBatch{batch_, repeat}, AlterableRegularizer{}, *images_, online_);
    } else {
      loss_ = train(coop_, FixedBatch{batch_, repeat}, mao::CrossEntropy{}, *images_, online_);
    }
  }

  [[nodiscard]] mao::TensorMap values() const override { return step_values(parameters_, loss_); }
  [[nodiscard]] mao::ParameterList parameters() override { return parameters_; }

 private:
  std::shared_ptr<const mao::Clip> clip_;
  mao::Coop<mao::Clip> coop_;
  mao::ParameterList parameters_ = coop_.parameters();
  Labeler labeler_;
  std::unique_ptr<mao::ImageSource> images_;
  mao::Batch batch_;
  bool base_, fresh_, online_;
  double loss_ = 0;
};

}  // namespace

CasePointer coop_case(Inputs& inputs, const Request& request) { return std::make_unique<CoopCase>(inputs, request); }

}  // namespace bench
