// SPDX-License-Identifier: Apache-2.0
// Your own backbone: a prompt-tuning method that mao does not have. MAO works with it without further code.
//
//   build/release/bin/examples/05_own_backbone
//
// The method does not change the prompt; it learns one vector that is added to every class feature.
#include <iostream>

#include <ATen/ops/zeros.h>

#include <mao/backbones/zero_shot.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/core/operators.hpp>

/// Class features of "a photo of a {}." plus a learned offset.
class OffsetMethod {
 public:
  static constexpr bool frozen_image_tower = true;  // features of fixed views can be cached

  OffsetMethod(std::shared_ptr<const mao::Clip> model, mao::ClassList classes)
      : model_(std::move(model)),
        untuned_(model_, std::move(classes)),
        offset_(mao::parameter(at::zeros({1, width()}))) {}

  // For new classes: rebuilds what depends on them and keeps what was learned.
  void bind(const mao::ClassList& classes) { untuned_.bind(classes); }
  const mao::ClassList& classes() const { return untuned_.classes(); }

  mao::Output forward(const mao::ImageBatch& images, const mao::Candidates& candidates) {
    return mao::compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }
  mao::Tensor encode_text(const mao::Candidates& candidates) {
    return mao::unit_rows(untuned_.encode_text(candidates) + offset_);
  }
  mao::Tensor encode_image(const mao::ImageBatch& images) { return untuned_.encode_image(images); }
  double logit_scale() const { return model_->logit_scale(); }

  mao::Tensor auxiliary_loss(const mao::Output&, const mao::Batch&) { return (offset_ * offset_).sum() * 0.01; }
  mao::ParameterList parameters() { return {{"offset", offset_}}; }

 private:
  std::int64_t width() { return untuned_.encode_text({{0}}).size(1); }

  std::shared_ptr<const mao::Clip> model_;
  mao::ZeroShot<mao::Clip> untuned_;
  mao::OwnTensor offset_;  // [1, D]; a copy of the method has its own
};
static_assert(mao::Backbone<OffsetMethod>);

int main() {
  const auto clip = mao::embedded::clip();
  mao::embedded::FewShotTask images(*clip, "sketch", /*seed=*/1);
  const mao::BaseToNewTask task = images.task_view();

  OffsetMethod backbone(clip, task.base.classes);
  const mao::BatchShape shape = mao::automatic_batch(task.base.classes.size());
  mao::mao_base(backbone, task.base.classes, task.base.train_labels, mao::TextTowerSimilarity(clip),
                {.sampler = {.batch = shape.batch, .k = shape.k}})
      .fit(*task.base.train);
  const double base = mao::test_on(backbone, task.base).accuracy;
  mao::mao_new(backbone, task.fresh.train->size(), mao::ZeroShotLabeler(clip, task.fresh.classes))
      .fit(*task.fresh.train);
  std::cout << "offset + MAO: Base " << base << "  New " << mao::test_on(backbone, task.fresh).accuracy << "\n";
}
