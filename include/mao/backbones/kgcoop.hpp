// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// KgCoOp: knowledge-guided context optimisation (Yao, Zhang, Xu, CVPR 2023, arXiv 2303.13283).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/detail/distances.hpp>
#include <mao/core/describe.hpp>
#include <mao/prompts/class_features.hpp>

namespace mao {

/// Settings of `KgCoop`.
struct KgCoopOptions {
  std::string init = "a photo of a";                       ///< start from these words; empty: random, normal (0, 0.02)
  std::int64_t context = 4;                                ///< n, when random
  std::vector<std::string> templates{"a photo of a {}."};  ///< the teacher's; the papers use one for each data set
  double weight = 8;                                       ///< of the distance to the teacher
  std::uint64_t seed = 1;                                  ///< of the random start
  static constexpr const char* fields[] = {"init", "context", "templates", "weight", "seed"};
};

/// CoOp that keeps the class vectors near those of hand-written prompts.
///
/// Loss: task + weight * (1 - mean over all bound classes of cos(t_c, t0_c)), where t_c is the class vector of the
/// learned prompt and t0_c that of the frozen model with `templates`.
///
/// Trains `prompt_learner.ctx` [n, W], as CoOp: 2,048 numbers for ViT-B/16 with 4 vectors.
///
/// **Differs** from the paper, which squares a distance: as in the released code the distance is one of cosines, half
/// the squared one, so 8 here is 4 there. The release lists more modules, but neither uses nor trains them.
template <VisionLanguageModel ModelT>
class KgCoop {
 public:
  using Options = KgCoopOptions;
  static constexpr bool frozen_image_tower = true;
  static constexpr bool needs_all_classes = true;

  /// **Throws** `OptionError` for a negative weight, no template or a context of no vectors, `DataError` for a class
  /// name that does not fit.
  explicit KgCoop(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "KgCoop: the model")),
        options_(std::move(options)),
        coop_(model_, std::move(classes), {.init = options_.init, .context = options_.context, .seed = options_.seed}) {
    require<OptionError>(options_.weight >= 0, "KgCoop: weight = ", options_.weight,
                         ", expected 0 or more (the paper's scripts use 8)");
    teacher_ = frozen_class_features(*model_, coop_.classes(), options_.templates);
  }

  /// Encodes the teacher's vectors of the new classes, once.
  void bind(ClassList classes) {
    Tensor teacher = frozen_class_features(*model_, classes, options_.templates);
    coop_.bind(std::move(classes));
    teacher_ = std::move(teacher);
  }

  [[nodiscard]] const ClassList& classes() const { return coop_.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) { return coop_.forward(images, candidates); }

  /// **Shape** [H, D], unit rows; `raw_text`: as the tower gives them.
  Tensor encode_text(const Candidates& candidates) { return coop_.encode_text(candidates); }
  Tensor raw_text(const Candidates& candidates) { return coop_.raw_text(candidates); }

  /// **Shape** [B, D], unit rows, without gradient; `raw_image`: as the tower gives them.
  Tensor encode_image(const ImageBatch& images) { return coop_.encode_image(images); }
  Tensor raw_image(const ImageBatch& images) { return coop_.raw_image(images); }

  /// The weighted distance to the teacher, over all classes.
  Tensor auxiliary_loss(const Output& full, const Batch&) {
    return feature_cosine(full.text, class_rows(teacher_, full.candidates)) * options_.weight;
  }

  ParameterList parameters() { return coop_.parameters(); }
  /// Name and settings, which a training that resumes has to share with the saved one.
  [[nodiscard]] Description describe() const { return described("KgCoop", options_); }
  [[nodiscard]] ClassList learned_for() const { return coop_.learned_for(); }
  [[nodiscard]] double logit_scale() const { return coop_.logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

  /// The class vectors of the frozen model. **Shape** [C, D], unit rows.
  [[nodiscard]] const Tensor& teacher() const { return teacher_; }

 private:
  std::shared_ptr<const ModelT> model_;
  Options options_;
  Coop<ModelT> coop_;
  Tensor teacher_;
};

template <class ModelT>
KgCoop(std::shared_ptr<ModelT>, ClassList, KgCoopOptions = {}) -> KgCoop<std::remove_const_t<ModelT>>;

}  // namespace mao
