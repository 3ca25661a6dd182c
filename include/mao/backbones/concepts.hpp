// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A prompt-tuning method on a frozen model.

#include <concepts>
#include <type_traits>

#include <mao/core/output.hpp>

namespace mao {

/// A prompt-tuning method: CoOp, MaPLe, PromptSRC, ... It is bound to a class list and can be bound to another one.
///
/// What the compiler cannot check: `bind` rebuilds what depends on the classes and keeps what was learned bit for bit;
/// `forward` encodes only the candidates; nothing outside `parameters()` ever receives a gradient; a forward pass with
/// gradients disabled is an evaluation (no dropout, running statistics) and changes nothing.
template <class B>
concept Backbone = requires(B& backbone, const B& constant, const ClassList& classes, const ImageBatch& images,
                            const Candidates& candidates, const Output& output, const Batch& batch) {
  backbone.bind(classes);
  { constant.classes() } -> std::same_as<const ClassList&>;
  { backbone.forward(images, candidates) } -> std::same_as<Output>;
  {
    backbone.auxiliary_loss(output, batch)
    } -> std::same_as<Tensor>;  // undefined when the method has no term of its own
  { backbone.parameters() } -> std::same_as<ParameterList>;
};

/// A backbone whose class features do not depend on the image, so that an evaluation encodes them once.
template <class B>
concept ClassFeatures = Backbone<B> && requires(B& backbone, const ImageBatch& images, const Candidates& candidates) {
  { backbone.encode_text(candidates) } -> std::same_as<Tensor>;  // [H, D], unit rows
  { backbone.encode_image(images) } -> std::same_as<Tensor>;     // [B, D], unit rows
};

/// A backbone that also returns the unnormalised features of its towers, for methods that build on them (DePT).
/// `forward` compares their unit rows.
template <class B>
concept RawFeatures = ClassFeatures<B> &&
    requires(B& backbone, const ImageBatch& images, const Candidates& candidates) {
  { backbone.raw_text(candidates) } -> std::same_as<Tensor>;  // [H, D], not normalised
  { backbone.raw_image(images) } -> std::same_as<Tensor>;     // [B, D], not normalised
};

/// A backbone that computes logits from class features itself (a second head, scores that depend on the stage). Used
/// only in evaluation.
template <class B>
concept ScoresItself = ClassFeatures<B> && requires(B& backbone, const ImageBatch& images, const Tensor& text) {
  { backbone.score(images, text) } -> std::same_as<Tensor>;  // [B, C]
};

/// A backbone with a frozen image tower, so that features of fixed views can be cached.
template <class B>
concept FrozenImageTower = Backbone<B> && B::frozen_image_tower;

/// A backbone with loss terms over all classes: the tuner encodes every class and then selects the candidates.
template <class B>
concept NeedsAllClasses = Backbone<B> && B::needs_all_classes;

/// A backbone that compares two views of every image.
template <class B>
concept NeedsTwoViews = Backbone<B> && B::two_views;

/// A backbone whose training logits depend on the labels (ProDA's upper bound): the task loss uses these logits.
template <class B>
concept LabelledLogits = Backbone<B> && requires(B& backbone, const Output& output, const Batch& batch) {
  { backbone.task_logits(output, batch) } -> std::same_as<Tensor>;  // [B, H]
};

/// A backbone whose loss is not the sum of task and auxiliary loss (DePT weights them, PromptKD has no task loss).
template <class B>
concept WeighsLosses = Backbone<B> && requires(B& backbone, const Tensor& loss) {
  { backbone.total_loss(loss, loss) } -> std::same_as<Tensor>;
};

/// A backbone that computes gradients from the two losses itself (two backward passes, a projection).
template <class B>
concept CombinesLosses = Backbone<B> && requires(B& backbone, const Tensor& loss) {
  backbone.combine(loss, loss);
};

/// A backbone with state besides its parameters (running statistics, masks, sums over epochs): saved, never trained.
template <class B>
concept HasBuffers = Backbone<B> && requires(B& backbone, const B& constant, const TensorMap& buffers) {
  { constant.buffers() } -> std::same_as<TensorMap>;
  backbone.set_buffers(buffers);
};

/// A backbone that is called at the end of each epoch (Gaussian aggregation, pruning).
template <class B>
concept EpochAware = Backbone<B> && requires(B& backbone, const EpochInfo& info) {
  backbone.end_epoch(info);
};

/// A backbone that replaces its parameters at the end of training.
template <class B>
concept Finishes = Backbone<B> && requires(B& backbone) {
  backbone.finish();
};

/// A backbone with its own hard negatives, which cannot be combined with those of MAO's base stage.
template <class B>
concept BringsNegatives = Backbone<B> && B::brings_negatives;

/// A backbone without a loss over labels, so reg-B would have no effect.
template <class B>
concept IgnoresLabels = Backbone<B> && B::ignores_labels;

/// A backbone that processes the images of a batch together (batch normalisation), or computes gradients outside the
/// tuner: several processes cannot share its batches.
template <class B>
concept NeedsWholeBatch = Backbone<B> && B::needs_whole_batch;

/// A backbone that states the classes that its learned parameters belong to (a context, a residual, a row of a head for
/// each). They are saved, and compared when it is restored. An empty list: the parameters serve all classes.
template <class B>
concept ClassBound = Backbone<B> && requires(const B& backbone) {
  { backbone.learned_for() } -> std::convertible_to<ClassList>;
};

/// The constants of a backbone as values.
struct BackboneTraits {
  bool class_features = false, frozen_image_tower = false, needs_all_classes = false, two_views = false;
  bool brings_negatives = false, ignores_labels = false, combines_losses = false, needs_whole_batch = false;
  bool scores_itself = false;
};

/// The capabilities of a backbone's type.
template <Backbone B>
constexpr BackboneTraits traits_of() {
  return {.class_features = ClassFeatures<B>,
          .frozen_image_tower = FrozenImageTower<B>,
          .needs_all_classes = NeedsAllClasses<B>,
          .two_views = NeedsTwoViews<B>,
          .brings_negatives = BringsNegatives<B>,
          .ignores_labels = IgnoresLabels<B>,
          .combines_losses = CombinesLosses<B>,
          .needs_whole_batch = NeedsWholeBatch<B>,
          .scores_itself = ScoresItself<B>};
}

/// The same; a backbone that is chosen at run time (`AnyBackbone`) reports them.
template <Backbone B>
constexpr BackboneTraits traits_of(const B& backbone) {
  if constexpr (requires {
                  { backbone.traits() } -> std::same_as<BackboneTraits>;
                }) {
    return backbone.traits();
  } else {
    return traits_of<B>();
  }
}

namespace explain {

/// Stands for a backbone that was given as a temporary.
template <class B>
struct Temporary {};
template <class B>
inline constexpr bool is_temporary = false;
template <class B>
inline constexpr bool is_temporary<Temporary<B>> = true;

template <class P>
concept IsSharedPointer = requires(const P& pointer) {
  pointer.use_count();
  *pointer;
};

/// True for a `Backbone`; otherwise the compiler says what is missing.
template <class B>
consteval bool backbone() {
  static_assert(!std::is_const_v<B>,
                "mao: the backbone is const, and training changes it: pass one that is not const, and no reference to "
                "const; see docs/concepts/backbone.md");
  static_assert(!IsSharedPointer<B>,
                "mao: the backbone is a std::shared_ptr, pass what it points to: `*backbone`; see "
                "docs/concepts/backbone.md");
  static_assert(
      !is_temporary<B>,
      "mao: the backbone is a temporary, which is gone before a tuner trains it: make it a variable that lives "
      "as long as the tuner, `mao::Coop coop(model, classes);`; see docs/concepts/backbone.md");
  if constexpr (std::is_const_v<B> || IsSharedPointer<B> || is_temporary<B>) {
    return false;
  } else {
    constexpr bool binds = requires(B & b, const ClassList& c) { b.bind(c); };
    static_assert(
        binds,
        "mao: not a Backbone: needs `void bind(const ClassList&)`, which rebuilds what depends on the classes; see "
        "docs/concepts/backbone.md");
    constexpr bool classes = requires(const B& b) {
      { b.classes() } -> std::same_as<const ClassList&>;
    };
    static_assert(classes,
                  "mao: not a Backbone: needs `const ClassList& classes() const`; see docs/concepts/backbone.md");
    constexpr bool images_alone = requires(B & b, const ImageBatch& i) { b.forward(i); };
    constexpr bool with_candidates = requires(B & b, const ImageBatch& i, const Candidates& c) { b.forward(i, c); };
    constexpr bool forward = requires(B & b, const ImageBatch& i, const Candidates& c) {
      { b.forward(i, c) } -> std::same_as<Output>;
    };
    static_assert(with_candidates || !images_alone,
                  "mao: not a Backbone: `forward` takes the candidates too, `Output forward(const ImageBatch&, const "
                  "Candidates&)`; see docs/concepts/backbone.md");
    static_assert(forward || (!with_candidates && images_alone),
                  "mao: not a Backbone: needs `Output forward(const ImageBatch&, const Candidates&)`; see "
                  "docs/concepts/backbone.md");
    constexpr bool auxiliary = requires(B & b, const Output& o, const Batch& s) {
      { b.auxiliary_loss(o, s) } -> std::same_as<Tensor>;
    };
    static_assert(auxiliary,
                  "mao: not a Backbone: needs `Tensor auxiliary_loss(const Output&, const Batch&)`, return {} when the "
                  "method has no term of its own; see docs/concepts/backbone.md");
    constexpr bool parameters = requires(B & b) {
      { b.parameters() } -> std::same_as<ParameterList>;
    };
    static_assert(parameters,
                  "mao: not a Backbone: needs `ParameterList parameters()`, the named tensors that train; see "
                  "docs/concepts/backbone.md");
    return Backbone<B>;
  }
}

}  // namespace explain
}  // namespace mao
