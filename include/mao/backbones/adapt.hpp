// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// ADAPT: prompts of both towers whose lengths are found by pruning (TMLR submission 6927), in our own design.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/detail/distances.hpp>
#include <mao/core/describe.hpp>
#include <mao/prompts/class_features.hpp>
#include <mao/prompts/detail/select_rows.hpp>
#include <mao/prompts/pruning.hpp>
#include <mao/prompts/token_bank.hpp>

#include <ATen/core/grad_mode.h>

namespace mao {

/// Settings of `Adapt`. Only the target is from the paper.
struct AdaptOptions {
  std::string pattern = "a photo of a {}.";  ///< the class prompt, frozen, and the teacher's
  std::int64_t tokens = 8;                   ///< n0, tokens of each block of each tower at the start
  std::int64_t target = 128;                 ///< tokens of both towers together at the end
  double prune_until = 0.5;                  ///< fraction of the epochs in which tokens are removed
  int interval = 1;                          ///< epochs between removals
  bool joint = true;  ///< both towers are ranked together; false: each loses its share of the tokens
  SaliencyScale scale = SaliencyScale::Raw;
  TeacherDistance distance = TeacherDistance::FeatureCosine;
  double text_weight = 1, image_weight = 1;  ///< of the distances to the frozen model
  std::uint64_t seed = 1;                    ///< of the random start
  static constexpr const char* fields[] = {"pattern", "tokens",   "target",      "prune_until",  "interval", "joint",
                                           "scale",   "distance", "text_weight", "image_weight", "seed"};
};

/// Every block of both towers attends to learned tokens (additional keys and values). During training, the least
/// salient tokens are removed until `target` are left.
///
/// Loss: task + text_weight * d(class vectors, frozen ones) + image_weight * d(images, frozen ones), where d is
/// `TeacherDistance`. At the end of epochs in the `PruningSchedule`, the tokens with the lowest saliency
/// |<dL/dp, p>|, summed since the last removal, are removed; none is restored. `pattern` gives the class text.
///
/// Trains `prompt_learner.text_tokens` [Lt, n0, Wt] and `prompt_learner.vision_tokens` [Lv, n0, Wv]. At the end,
/// there are Wt numbers per text token and Wv per vision token: 65,536 to 98,304 for ViT-B/16 and 128 tokens.
///
/// **Differs** in unknown ways: the public text (abstract, reviews, change log) gives the idea, the role of the target
/// and the cosine distance, but no equations, schedules or settings. All of those are ours.
template <PromptedTowers ModelT>
class Adapt {
 public:
  using Options = AdaptOptions;
  static constexpr bool needs_all_classes = true;
  static constexpr bool needs_whole_batch = true;

  /// **Throws** `OptionError` for a setting out of range, `DataError` for a class name that is too long.
  explicit Adapt(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "Adapt: the model")), options_(std::move(options)) {
    const TowerSizes sizes = model_->towers();
    const Rng rng(options_.seed);
    text_ = TokenBank("prompt_learner.text_tokens", sizes.text_layers, options_.tokens, sizes.text_width, rng);
    vision_ = TokenBank("prompt_learner.vision_tokens", sizes.vision_layers, options_.tokens, sizes.vision_width, rng);
    schedule_ = {.start = text_.total() + vision_.total(),
                 .target = options_.target,
                 .until = options_.prune_until,
                 .interval = options_.interval};
    schedule_.check();
    require<OptionError>(options_.text_weight >= 0 && options_.image_weight >= 0,
                         "Adapt: text_weight = ", options_.text_weight, ", image_weight = ", options_.image_weight,
                         ", expected 0 or more");
    bind(std::move(classes));
  }

  /// Builds the class prompts and encodes the teacher's class vectors, once.
  void bind(ClassList classes) {
    std::vector<std::string> sentences;
    for (const std::string& name : classes.names) sentences.push_back(fill_template(options_.pattern, name));
    TextBatch prompts = text_batch(*model_, sentences);
    teacher_ = frozen_class_features(*model_, classes, {options_.pattern});
    prompts_ = std::move(prompts);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    if (at::GradMode::is_enabled()) restore();
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }

  /// **Shape** [H, D], unit rows; `raw_text`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  Tensor raw_text(const Candidates& candidates) {
    return model_->encode_text(select_rows(prompts_, candidates.ids), text_.prompts(pruning()));
  }

  /// **Shape** [B, D], unit rows; `raw_image`: not normalised.
  Tensor encode_image(const ImageBatch& images) { return unit_rows(raw_image(images)); }
  Tensor raw_image(const ImageBatch& images) {
    return prompted_image_features(*model_, images, {.tokens = {}, .deep = vision_.prompts(pruning())});
  }

  /// The distances to the frozen model, weighted; undefined when both weights are 0.
  Tensor auxiliary_loss(const Output& full, const Batch&) {
    Tensor loss;
    if (options_.text_weight > 0) {
      const Tensor teacher = class_rows(teacher_, full.candidates);
      loss = teacher_distance(options_.distance, full.text, teacher) * options_.text_weight;
    }
    if (options_.image_weight > 0) {
      const Tensor teacher = frozen_image_features(*model_, full.images);
      const Tensor term = teacher_distance(options_.distance, full.image, teacher) * options_.image_weight;
      loss = loss.defined() ? loss + term : term;
    }
    return loss;
  }

  /// Removes tokens if it is time.
  void end_epoch(const EpochInfo& info) {
    restore();
    const std::int64_t surplus = kept() - schedule_.kept(info.epoch + 1, info.horizon);
    if (surplus <= 0) return;
    options_.joint ? remove_jointly(surplus) : remove_by_tower(schedule_.kept(info.epoch + 1, info.horizon));
    text_.forget();
    vision_.forget();
  }

  ParameterList parameters() { return {text_.tokens(), vision_.tokens()}; }

  /// Masks and saliencies. Load the parameters before them.
  [[nodiscard]] TensorMap buffers() const {
    TensorMap all;
    text_.append_to(all);
    vision_.append_to(all);
    return all;
  }
  void set_buffers(const TensorMap& buffers) {
    text_.set_buffers(buffers);
    vision_.set_buffers(buffers);
  }

  /// The number of tokens in use, and the number of their values.
  [[nodiscard]] std::int64_t kept() const { return text_.total() + vision_.total(); }
  [[nodiscard]] std::int64_t kept_numbers() const {
    return text_.total() * text_.width() + vision_.total() * vision_.width();
  }
  [[nodiscard]] const TokenBank& text_tokens() const { return text_; }
  [[nodiscard]] const TokenBank& vision_tokens() const { return vision_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("Adapt", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  [[nodiscard]] bool pruning() const { return kept() > options_.target; }

  void restore() const {
    text_.restore();
    vision_.restore();
  }

  [[nodiscard]] std::vector<double> scores(const TokenBank& bank) const {
    const Tensor sums = bank.saliency().to(at::kDouble).contiguous();
    const auto* first = sums.template const_data_ptr<double>();
    return scaled({first, first + sums.numel()}, static_cast<std::size_t>(sums.size(0)), options_.scale);
  }

  void remove_jointly(std::int64_t count) {
    std::vector<double> all = scores(text_);
    std::vector<bool> in = text_.kept();
    const auto texts = static_cast<std::int64_t>(in.size());
    for (const double score : scores(vision_)) all.push_back(score);
    in.insert(in.end(), vision_.kept().begin(), vision_.kept().end());
    std::vector<std::int64_t> of_text, of_vision;
    for (const std::int64_t i : lowest(all, in, count))
      (i < texts ? of_text : of_vision).push_back(i < texts ? i : i - texts);
    text_.remove(of_text);
    vision_.remove(of_vision);
  }

  void remove_by_tower(std::int64_t total) {
    const auto texts = static_cast<std::int64_t>(text_.kept().size());
    const std::int64_t of_text = (total * texts + schedule_.start / 2) / schedule_.start;  // rounded
    text_.remove(lowest(scores(text_), text_.kept(), text_.total() - of_text));
    vision_.remove(lowest(scores(vision_), vision_.kept(), vision_.total() - (total - of_text)));
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ClassList classes_;
  TextBatch prompts_;  // one row a class
  Tensor teacher_;     // [C, D], unit rows
  TokenBank text_, vision_;
  PruningSchedule schedule_;
};

template <class ModelT>
Adapt(std::shared_ptr<ModelT>, ClassList, AdaptOptions = {}) -> Adapt<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Adapt<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
Adapt(P, Rest...) -> Adapt<explain::RefusedModel<P>>;

}  // namespace mao
