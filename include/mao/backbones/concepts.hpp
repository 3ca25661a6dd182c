// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A prompt-tuning method on a frozen model.

#include <concepts>

#include <mao/core/output.hpp>

namespace mao {

/// What an end-of-epoch hook is told.
struct EpochInfo {
  int epoch = 0;    ///< 0-based, just finished
  int horizon = 0;  ///< epochs of this step in all
};

/// A prompt-tuning method: CoOp, MaPLe, PromptSRC, ... It is bound to a class list and can be bound to another.
///
/// What the compiler cannot check: `bind` rebuilds what depends on the classes and keeps what was learned bit for bit;
/// `forward` encodes the candidates alone; nothing outside `parameters()` ever receives a gradient.
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

/// A backbone whose image tower is frozen, so that features of fixed views can be kept.
template <class B>
concept FrozenImageTower = Backbone<B> && B::frozen_image_tower;

/// A backbone with terms over all classes: the tuner asks it for every class and selects the candidates afterwards.
template <class B>
concept NeedsAllClasses = Backbone<B> && B::needs_all_classes;

/// A backbone that wants to know when an epoch ends (Gaussian aggregation, pruning).
template <class B>
concept EpochAware = Backbone<B> && requires(B& backbone, const EpochInfo& info) {
  backbone.end_epoch(info);
};

/// A backbone that replaces its parameters when training ends.
template <class B>
concept Finishes = Backbone<B> && requires(B& backbone) {
  backbone.finish();
};

namespace explain {

/// True for a `Backbone`; otherwise the compiler says what is missing.
template <class B>
consteval bool backbone() {
  static_assert(
      requires(B & b, const ClassList& c) { b.bind(c); },
      "mao: not a Backbone: needs `void bind(const ClassList&)`, which rebuilds what depends on the classes; see "
      "docs/concepts/backbone.md");
  static_assert(
      requires(const B& b) {
        { b.classes() } -> std::same_as<const ClassList&>;
      },
      "mao: not a Backbone: needs `const ClassList& classes() const`; see docs/concepts/backbone.md");
  constexpr bool forward = requires(B & b, const ImageBatch& i, const Candidates& c) { b.forward(i, c); };
  static_assert(
      forward || !requires(B & b, const ImageBatch& i) { b.forward(i); },
      "mao: not a Backbone: `forward` takes the candidates too, `Output forward(const ImageBatch&, const "
      "Candidates&)`; see docs/concepts/backbone.md");
  static_assert(
      requires(B & b, const ImageBatch& i, const Candidates& c) {
        { b.forward(i, c) } -> std::same_as<Output>;
      } || (!forward && requires(B & b, const ImageBatch& i) { b.forward(i); }),
      "mao: not a Backbone: needs `Output forward(const ImageBatch&, const Candidates&)`; see "
      "docs/concepts/backbone.md");
  static_assert(
      requires(B & b, const Output& o, const Batch& s) {
        { b.auxiliary_loss(o, s) } -> std::same_as<Tensor>;
      },
      "mao: not a Backbone: needs `Tensor auxiliary_loss(const Output&, const Batch&)`, return {} when the method has "
      "no term of its own; see docs/concepts/backbone.md");
  static_assert(
      requires(B & b) {
        { b.parameters() } -> std::same_as<ParameterList>;
      },
      "mao: not a Backbone: needs `ParameterList parameters()`, the named tensors that train; see "
      "docs/concepts/backbone.md");
  return Backbone<B>;
}

}  // namespace explain
}  // namespace mao
