// SPDX-License-Identifier: Apache-2.0
// Steps of the methods that prompt the image tower too: MaPLe, and PromptSRC with the frozen tower's features kept.
#include <ATen/core/grad_mode.h>

#include <mao/backbones/maple.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>

#include "bench.hpp"
#include "fixed_batch.hpp"

namespace bench {
namespace {

template <class BackboneT>
class PromptedCase : public Case {
 public:
  PromptedCase(Inputs& inputs, const Request& request, typename BackboneT::Options options)
      : backbone_(inputs.clip(request.precision), inputs.classes(request.classes), std::move(options)),
        images_(std::make_unique<mao::TensorImages>(inputs.pixels(request.images)), teacher(inputs, request)),
        batch_(first_images(request.images, request.classes)) {}

  void run(int repeat) override {
    loss_ = train(backbone_, FixedBatch{batch_, repeat}, mao::CrossEntropy{}, images_, /*augment=*/false);
  }

  [[nodiscard]] mao::TensorMap values() const override { return step_values(parameters_, loss_); }
  [[nodiscard]] mao::ParameterList parameters() override { return parameters_; }

 private:
  static mao::Tensor teacher(Inputs& inputs, const Request& request) {
    const at::NoGradGuard frozen;
    return inputs.clip(request.precision)->encode_image(inputs.pixels(request.images));
  }

  BackboneT backbone_;
  mao::ParameterList parameters_ = backbone_.parameters();
  mao::FeaturedImages images_;
  mao::Batch batch_;
  double loss_ = 0;
};

}  // namespace

CasePointer prompted_case(Inputs& inputs, const Request& request) {
  if (request.name == "maple") {
    return std::make_unique<PromptedCase<mao::Maple<mao::Clip>>>(inputs, request,
                                                                 mao::MapleOptions{.depth = request.depth});
  }
  const mao::PromptSrcOptions options{
      .text_depth = request.depth, .vision_depth = request.depth, .templates = {"a photo of a {}."}};
  return std::make_unique<PromptedCase<mao::PromptSrc<mao::Clip>>>(inputs, request, options);
}

}  // namespace bench
