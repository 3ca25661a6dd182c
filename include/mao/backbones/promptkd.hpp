// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// PromptKD: a small model learns from a larger, tuned model's predictions for unlabelled images (Li et al., arXiv
/// 2403.02781).

#include <memory>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/description.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/projector.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/deep.hpp>
#include <mao/prompts/templates.hpp>

namespace mao {

/// Settings of `PromptKd`.
struct PromptKdOptions {
  std::int64_t vision_context = 4, vision_depth = 9;
  double weight = 1000;    ///< of the distillation; the paper uses 200 for Aircraft, Flowers and DTD
  double temperature = 1;  ///< T
  std::uint64_t seed = 1;  ///< of the random start
  static constexpr const char* fields[] = {"vision_context", "vision_depth", "weight", "temperature", "seed"};
};

/// The requirements for a teacher: class features and a `model()`.
template <class T>
concept DistillationTeacher = ClassFeatures<T> && requires(const T& teacher) {
  { teacher.model().preprocess() } -> std::convertible_to<Preprocess>;
  { teacher.logit_scale() } -> std::convertible_to<double>;
};

/// The student is the image tower of a small model with vision prompts and a projector into the teacher's space.
/// Classes are the teacher's features, encoded once per list. With z = s cos(project(f), t) and the teacher's z*, s its
/// scale:
///
///     loss = weight T^2 sum p* (log p* - log p) / (B C),  p = softmax(z / T) over all C classes
///
/// Images need no labels: train it on the images of base and new classes, bound to both, then bind it to the classes to
/// test. Labels and the regularizer have no effect. Training needs batches of at least 2 images (batch
/// normalisation).
///
/// Trains `image_encoder.VPT` [m, Wv], `VPT_shallow` of blocks 1 .. depth - 1, and `VPT_image_trans`: 1,013,760 numbers
/// for a ViT-B/16 that learns from a ViT-L/14. The teacher does not change, and after `bind` it
/// encodes images only in training. A copy of a tuned backbone has its own tensors.
template <PromptedTowers StudentModel, DistillationTeacher TeacherT>
class PromptKd {
 public:
  using Options = PromptKdOptions;
  static constexpr bool needs_all_classes = true;
  static constexpr bool ignores_labels = true;
  static constexpr bool needs_whole_batch = true;

  /// **Throws** `OptionError` for a setting out of range, or if student and teacher have different preprocessing.
  explicit PromptKd(std::shared_ptr<const StudentModel> student, TeacherT teacher, Options options = {})
      : student_(not_null(std::move(student), "PromptKd: the student")),
        teacher_(std::move(teacher)),
        of_teacher_(description_of_learned(teacher_)),
        options_(options),
        text_(teacher_text()),
        prompt_(vision_prompt()),
        projector_("VPT_image_trans", sentence_features(*student_, {"a"}).size(1), text_.size(1), Rng(options.seed)) {
    require<OptionError>(options.weight > 0 && options.temperature > 0, "PromptKd: weight = ", options.weight,
                         " and temperature = ", options.temperature,
                         ": both must be above 0 (the paper uses 1000 and 1)");
    const Preprocess theirs = teacher_.model().preprocess(), ours = student_->preprocess();
    require<OptionError>(theirs == ours, "PromptKd: the student takes images of ", ours.resolution,
                         " pixels per side, the teacher of ", theirs.resolution,
                         ", or they normalise or resize differently; both get the same pixels, "
                         "so their preprocessing must be the same");
  }

  void bind(const ClassList& classes) {
    teacher_.bind(classes);
    text_ = teacher_text();
    binding_ = std::make_shared<int>();
  }

  [[nodiscard]] const ClassList& classes() const { return teacher_.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), logit_scale(), candidates);
  }

  /// The teacher's. **Shape** [H, D_teacher], unit rows.
  Tensor encode_text(const Candidates& candidates) { return class_rows(text_, candidates); }

  /// The student's, projected. **Shape** [B, D_teacher], unit rows.
  Tensor encode_image(const ImageBatch& images) {
    return unit_rows(projector_(prompted_image_features(*student_, images, prompt_.prompts())));
  }

  /// The teacher's logits for the same pixels; computed once per view if a source repeats its views. **Shape**
  /// [B, C], without gradient.
  Tensor teacher_logits(const ImageBatch& images) {
    return remembered_rows(images, binding_, [this](const ImageBatch& seen) {  // kept features are the student's
      if constexpr (ScoresItself<TeacherT>) {
        return teacher_.score(seen, text_);
      } else {
        return at::matmul(teacher_.encode_image(seen), text_.t()) * logit_scale();
      }
    });
  }

  /// The distillation loss; images count by their weights. **Throws** `ShapeError` unless `output` is over all classes.
  Tensor auxiliary_loss(const Output& output, const Batch& batch) {
    require<ShapeError>(output.candidates == Candidates::all(classes().size()), "PromptKd: the loss is over all ",
                        classes().size(), " classes, the output has ", output.candidates.size(),
                        " in some order; encode all of them");
    const double temperature = options_.temperature;
    const Tensor wanted = at::log_softmax(teacher_logits(output.images) / temperature, 1);
    const Tensor found = at::log_softmax(output.logits / temperature, 1);
    Tensor each = (wanted.exp() * (wanted - found)).sum(1) / static_cast<double>(classes().size());
    if (!batch.weights.empty()) {
      const Tensor weights = at::tensor(batch.weights).to(each.device());
      each = each * weights * (static_cast<double>(batch.weights.size()) / weights.sum());
    }
    return each.mean() * (options_.weight * temperature * temperature);
  }

  /// Only the distillation loss.
  Tensor total_loss(const Tensor&, const Tensor& auxiliary) const { return auxiliary; }

  /// Vision prompts, then the projector.
  ParameterList parameters() {
    ParameterList all = prompt_.parameters();
    for (Parameter& parameter : projector_.parameters()) all.push_back(std::move(parameter));
    return all;
  }

  /// Running statistics of the projector.
  [[nodiscard]] TensorMap buffers() const { return projector_.buffers(); }
  void set_buffers(const TensorMap& values) { projector_.set_buffers(values); }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("PromptKd", options_).with("teacher", of_teacher_); }
  /// The teacher's.
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return teacher_.logit_scale(); }
  [[nodiscard]] const StudentModel& model() const { return *student_; }

 private:
  [[nodiscard]] Tensor teacher_text() {
    const at::NoGradGuard frozen;
    return teacher_.encode_text(Candidates::all(teacher_.classes().size())).detach().clone();
  }

  [[nodiscard]] VisionPrompt vision_prompt() const {
    const TowerSizes sizes = student_->towers();
    detail::check_depth(options_.vision_depth, sizes.vision_layers, "PromptKd: vision_depth");
    return VisionPrompt(options_.vision_depth, options_.vision_context, sizes.vision_width, Rng(options_.seed));
  }

  std::shared_ptr<const StudentModel> student_;
  TeacherT teacher_;
  Description of_teacher_;
  Options options_;
  Tensor text_;                                                    // [C, D_teacher], unit rows
  std::shared_ptr<const void> binding_ = std::make_shared<int>();  // another one for each list of classes
  VisionPrompt prompt_;
  Projector projector_;
};

template <class ModelT, class TeacherT>
PromptKd(std::shared_ptr<ModelT>, TeacherT) -> PromptKd<std::remove_const_t<ModelT>, TeacherT>;
template <class ModelT, class TeacherT>
PromptKd(std::shared_ptr<ModelT>, TeacherT, PromptKdOptions) -> PromptKd<std::remove_const_t<ModelT>, TeacherT>;

}  // namespace mao
