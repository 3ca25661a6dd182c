// SPDX-License-Identifier: Apache-2.0
// Image features of the frozen tower, and a whole zero-shot test.
#include <ATen/core/grad_mode.h>

#include <mao/backbones/zero_shot.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/predict.hpp>

#include "bench.hpp"

namespace bench {
namespace {

class ImageCase : public Case {
 public:
  ImageCase(Inputs& inputs, const Request& request)
      : clip_(inputs.clip(request.precision)), pixels_(inputs.pixels(request.images)) {}

  void run(int repeat) override {
    const at::NoGradGuard frozen;
    for (int i = 0; i < repeat; ++i) features_ = clip_->encode_image(pixels_);
  }

  [[nodiscard]] mao::TensorMap values() const override { return {{"features", features_}}; }

 private:
  std::shared_ptr<const mao::Clip> clip_;
  mao::Tensor pixels_, features_;
};

/// Class vectors of the frozen model from one sentence a class.
class ClassTextsCase : public Case {
 public:
  ClassTextsCase(Inputs& inputs, const Request& request)
      : clip_(inputs.clip(request.precision)), classes_(inputs.classes(request.classes)) {}

  void run(int repeat) override {
    for (int i = 0; i < repeat; ++i) {
      features_ = mao::frozen_class_features(*clip_, classes_, {"a photo of a {}."});
    }
  }

  [[nodiscard]] mao::TensorMap values() const override { return {{"features", features_}}; }

 private:
  std::shared_ptr<const mao::Clip> clip_;
  mao::ClassList classes_;
  mao::Tensor features_;
};

/// Class vectors and the logits of 100 images.
class ZeroShotCase : public Case {
 public:
  ZeroShotCase(Inputs& inputs, const Request& request)
      : clip_(inputs.clip(request.precision)), classes_(inputs.classes(request.classes)), images_(inputs.pixels(100)) {}

  void run(int repeat) override {
    for (int i = 0; i < repeat; ++i) {
      mao::ZeroShot backbone(clip_, classes_);
      logits_ = mao::predict_logits(backbone, classes_, images_);
    }
  }

  [[nodiscard]] mao::TensorMap values() const override { return {{"features", logits_}}; }

 private:
  std::shared_ptr<const mao::Clip> clip_;
  mao::ClassList classes_;
  mao::TensorImages images_;
  mao::Tensor logits_;
};

}  // namespace

CasePointer image_case(Inputs& inputs, const Request& request) { return std::make_unique<ImageCase>(inputs, request); }
CasePointer class_texts_case(Inputs& inputs, const Request& request) {
  return std::make_unique<ClassTextsCase>(inputs, request);
}
CasePointer zero_shot_case(Inputs& inputs, const Request& request) {
  return std::make_unique<ZeroShotCase>(inputs, request);
}

}  // namespace bench
