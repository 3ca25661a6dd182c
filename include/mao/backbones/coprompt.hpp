// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoPrompt: consistency-guided prompt learning (Roy and Etemad, arXiv 2306.01195).

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <ATen/ops/scalar_tensor.h>

#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/core/describe.hpp>
#include <mao/prompts/adapter.hpp>
#include <mao/prompts/descriptions.hpp>
#include <mao/prompts/imagenet_templates.hpp>

namespace mao {

/// Settings of `CoPrompt`; the defaults are the authors' for ImageNet. They chose depth 9 or 12, 2 or 4 vectors and a
/// weight from 0.1 to 8 for each data set.
struct CoPromptOptions {
  std::string init = "a photo of a";           ///< the first words start the context; empty: random, normal (0, 0.02)
  std::int64_t context = 4;                    ///< n, vectors per layer in either tower
  std::int64_t depth = 12;                     ///< J, layers that see fresh prompts, the input included
  double weight = 8;                           ///< of the consistency with the frozen model
  double text_share = 0.2, image_share = 0.1;  ///< of the adapters
  /// Sentences about a class; none given: the 60 ImageNet templates with its name. The authors generated them with a
  /// language model, 10 or 50 per class (`descriptions_of_file`).
  Descriptions descriptions{};
  std::uint64_t seed = 1;  ///< of the random starts and of which description is drawn
  static constexpr const char* fields[] = {"init",       "context",     "depth",        "weight",
                                           "text_share", "image_share", "descriptions", "seed"};
};

/// MaPLe with an adapter after each tower, kept close to the frozen model on other sentences and another view.
///
///   text = 0.2 A_t(t) + 0.8 t,   image = 0.1 A_v(f) + 0.9 f,   t and f from MaPLe's towers
///   loss = CE + weight * [(1 - mean_c cos(text_c, description r of c)) + (1 - mean_b cos(image_b, frozen(view 2 of
///   b)))]
///
/// One r is drawn per step, for all classes; the text term is always over all classes.
///
/// Trains what `Maple` trains, and `adapter_image.fc.{0,2}.weight`, `adapter_text.fc.{0,2}.weight` [D / 4, D] and
/// [D, D / 4]: for ViT-B/16 with n = 4 and J = 12 5,014,528 numbers.
///
/// **Differs** from the released code: fp32 throughout; no teacher from templates (built there, but never used).
template <PromptedTowers ModelT>
class CoPrompt {
 public:
  using Options = CoPromptOptions;
  /// The description, out of `count`, that step `step` compares with.
  using Picker = std::function<std::int64_t(std::int64_t step, std::int64_t count)>;
  static constexpr bool needs_all_classes = true;
  static constexpr bool two_views = true;

  /// **Throws** `OptionError` for a depth that a tower does not have or a setting out of range, `DataError` for a class
  /// name that is too long or classes with different numbers of descriptions.
  explicit CoPrompt(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(model, "CoPrompt: the model")),
        options_(std::move(options)),
        descriptions_(options_.descriptions ? options_.descriptions : descriptions_of_templates(imagenet_templates())),
        host_(std::move(model), classes,
              {.init = options_.init, .context = options_.context, .depth = options_.depth, .seed = options_.seed}),
        bank_(description_features(*model_, classes, descriptions_)),
        picker_(random_picker(options_.seed)) {
    require<OptionError>(options_.weight >= 0, "CoPrompt: weight = ", options_.weight,
                         ", expected 0 or more (the authors: 0.1 to 8)");
    const Rng rng(options_.seed);
    image_adapter_ = Adapter("adapter_image", bank_.size(-1), options_.image_share, rng);
    text_adapter_ = Adapter("adapter_text", bank_.size(-1), options_.text_share, rng);
  }

  /// Encodes the descriptions as well.
  void bind(ClassList classes) {
    bank_ = description_features(*model_, classes, descriptions_);
    host_.bind(std::move(classes));
  }

  [[nodiscard]] const ClassList& classes() const { return host_.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }

  /// **Shape** [H, D], unit rows; `raw_text`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  Tensor raw_text(const Candidates& candidates) { return text_adapter_(host_.raw_text(candidates)); }

  /// **Shape** [B, D], unit rows; `raw_image`: not normalised.
  Tensor encode_image(const ImageBatch& images) { return unit_rows(raw_image(images)); }
  Tensor raw_image(const ImageBatch& images) { return image_adapter_(host_.raw_image(images)); }

  /// The weighted distances to a description of each class and to the second views. Each call draws again.
  Tensor auxiliary_loss(const Output& output, const Batch&) {
    const ImageBatch second{.pixels = output.images.second_pixels, .features = output.images.second_features};
    require<DataError>(second.pixels.defined() || second.features.defined(),
                       "CoPrompt: the output holds no second view of its images; set output.images.second_pixels (the "
                       "tuner does)");
    const std::int64_t picked = picker_(steps_++, bank_.size(0));
    require<OptionError>(picked >= 0 && picked < bank_.size(0), "CoPrompt: description ", picked,
                         " was picked, there are ", bank_.size(0));
    const Tensor text = class_rows(bank_.select(0, picked), output.candidates);
    const auto distance = [](const Tensor& rows, const Tensor& wanted) {
      return (rows * wanted).sum(-1).mean() * -1 + 1;
    };
    return (distance(output.text, text) + distance(output.image, frozen_image_features(*model_, second))) *
           options_.weight;
  }

  /// MaPLe's, then the adapters', in the order of the reference.
  ParameterList parameters() {
    ParameterList all = host_.parameters();
    image_adapter_.append_to(all);
    text_adapter_.append_to(all);
    return all;
  }

  /// The number of drawn descriptions, so that a resumed run draws the same ones as an uninterrupted run.
  [[nodiscard]] TensorMap buffers() const { return {{"descriptions_drawn", at::scalar_tensor(steps_, at::kLong)}}; }
  void set_buffers(const TensorMap& buffers) {
    const auto saved = buffers.find("descriptions_drawn");
    steps_ = saved == buffers.end() ? 0 : saved->second.template item<std::int64_t>();
  }

  /// Replaces the choice of descriptions, for example by that of a recorded run.
  void set_picker(Picker picker) { picker_ = std::move(picker); }

  /// Name and settings; training resumes only if they are the same. Descriptions are those of the
  /// bound classes.
  [[nodiscard]] Description describe() const {
    std::vector<std::string> sentences;
    for (const std::string& name : classes().names) {
      for (std::string& sentence : descriptions_(name)) sentences.push_back(std::move(sentence));
    }
    return described("CoPrompt", options_).without("descriptions").with("descriptions", sentences);
  }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }
  /// Features of the descriptions. **Shape** [N, C, D], unit rows.
  [[nodiscard]] const Tensor& bank() const { return bank_; }

 private:
  static Picker random_picker(std::uint64_t seed) {
    return [rng = Rng(seed)["descriptions"]](std::int64_t step, std::int64_t count) {
      return static_cast<std::int64_t>(rng[static_cast<std::uint64_t>(step)].below(static_cast<std::uint64_t>(count)));
    };
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  Descriptions descriptions_;
  Maple<ModelT> host_;
  Tensor bank_;  // [N, C, D], unit rows
  Picker picker_;
  Adapter image_adapter_, text_adapter_;
  std::int64_t steps_ = 0;
};

template <class ModelT>
CoPrompt(std::shared_ptr<ModelT>, ClassList) -> CoPrompt<std::remove_const_t<ModelT>>;
template <class ModelT>
CoPrompt(std::shared_ptr<ModelT>, ClassList, CoPromptOptions) -> CoPrompt<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class CoPrompt<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
CoPrompt(P, Rest...) -> CoPrompt<explain::RefusedModel<P>>;

}  // namespace mao
