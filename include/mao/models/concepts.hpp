// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The requirements for a frozen pair of towers on which prompts are tuned.

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/text_batch.hpp>

namespace mao {

/// A frozen vision-language model, such as CLIP. An image classifier and a sentence encoder can also be combined into
/// one (examples/06_another_model.cpp).
///
/// What the compiler cannot check: nothing in it requires a gradient; `encode_text` is differentiable with respect to
/// both parts of its batch and treats every row alike, independently of the other rows; the same input gives the same
/// output.
template <class M>
concept VisionLanguageModel = requires(const M& model, const std::string& text, const Tensor& tensor,
                                       const TextBatch& batch) {
  { model.tokenize(text) } -> std::same_as<std::vector<std::int64_t>>;  // without start and end
  { model.start_token() } -> std::convertible_to<std::int64_t>;         // -1: rows begin with their text
  { model.end_token() } -> std::convertible_to<std::int64_t>;
  { model.context_length() } -> std::convertible_to<std::int64_t>;  // longest row, start and end included
  { model.embed(tensor) } -> std::same_as<Tensor>;                  // ids [..] -> [.., W], no positions
  { model.encode_text(batch) } -> std::same_as<Tensor>;             // [R, D], not normalised
  { model.encode_image(tensor) } -> std::same_as<Tensor>;           // [B, 3, R, R] -> [B, D], not normalised
  { model.logit_scale() } -> std::convertible_to<double>;           // already exponentiated
  { model.preprocess() } -> std::convertible_to<Preprocess>;
  { model.fingerprint() } -> std::convertible_to<std::string>;  // changes when a weight changes
};

/// A model whose towers are transformers that support prompts: at the input of the image tower, and before or inside
/// the blocks of both. CLIP is one. Methods that tune only text contexts do not need it.
template <class M>
concept PromptedTowers = VisionLanguageModel<M> &&
    requires(const M& model, const Tensor& pixels, const TextBatch& batch, const BlockPrompts& text,
             const ImagePrompts& image) {
  { model.encode_text(batch, text) } -> std::same_as<Tensor>;
  { model.encode_image(pixels, image) } -> std::same_as<Tensor>;
  { model.towers() } -> std::same_as<TowerSizes>;
};

namespace explain {

/// True for a model with `PromptedTowers`; otherwise the compiler says what is missing.
template <class M>
consteval bool prompted_towers() {
  static_assert(PromptedTowers<M> || !VisionLanguageModel<M>,
                "mao: this method needs a model with PromptedTowers (a CLIP): `encode_text(batch, BlockPrompts)`, "
                "`encode_image(pixels, ImagePrompts)` and `towers()`; on other models tune the text context alone "
                "(Coop, KgCoop, ProGrad, CoCoop); see docs/concepts/vision_language_model.md");
  return PromptedTowers<M>;
}

/// True for a `VisionLanguageModel`; otherwise the compiler says what is missing.
template <class M>
consteval bool vision_language_model() {
  constexpr bool tokenizes = requires(const M& m, const std::string& s) {
    { m.tokenize(s) } -> std::same_as<std::vector<std::int64_t>>;
  };
  constexpr bool reads = requires(const M& m, const TextBatch& b) {
    { m.encode_text(b) } -> std::same_as<Tensor>;
  };
  constexpr bool sees = requires(const M& m, const Tensor& t) {
    { m.encode_image(t) } -> std::same_as<Tensor>;
    { m.embed(t) } -> std::same_as<Tensor>;
  };
  static_assert(tokenizes,
                "mao: not a VisionLanguageModel: needs `std::vector<std::int64_t> tokenize(const std::string&) const`, "
                "ids without start and end; see docs/concepts/vision_language_model.md");
  static_assert(reads,
                "mao: not a VisionLanguageModel: needs `Tensor encode_text(const TextBatch&) const` giving [R, D]; see "
                "docs/concepts/vision_language_model.md");
  static_assert(
      sees,
      "mao: not a VisionLanguageModel: needs `Tensor encode_image(const Tensor& pixels) const` and `Tensor embed(const "
      "Tensor& ids) const`; see docs/concepts/vision_language_model.md");
  constexpr bool computes = tokenizes && reads && sees;
  constexpr bool prints = requires(const M& m) {
    { m.fingerprint() } -> std::convertible_to<std::string>;
  };
  constexpr bool scales = requires(const M& m) {
    { m.logit_scale() } -> std::convertible_to<double>;
  };
  static_assert(
      prints || !computes,
      "mao: not a VisionLanguageModel: needs `std::string fingerprint() const`, which changes when a weight "
      "changes: `return mao::fingerprint_of({{\"name\", tensor}, ...});` of <mao/models/fingerprint.hpp>; see "
      "docs/concepts/vision_language_model.md");
  static_assert(scales || !computes || !prints,
                "mao: not a VisionLanguageModel: needs `double logit_scale() const`, what cosines are multiplied with "
                "(CLIP: 100), already exponentiated; see docs/concepts/vision_language_model.md");
  static_assert(
      VisionLanguageModel<M> || !(computes && prints && scales),
      "mao: not a VisionLanguageModel: needs `start_token()`, `end_token()`, `context_length()` (whole numbers) and "
      "`mao::Preprocess preprocess()`, all const; see docs/concepts/vision_language_model.md");
  return VisionLanguageModel<M>;
}

/// Stands for a model that was refused, so that one mistake gives one error. It has no bodies.
struct NoModel {
  std::vector<std::int64_t> tokenize(const std::string&) const;
  std::int64_t start_token() const;
  std::int64_t end_token() const;
  std::int64_t context_length() const;
  Tensor embed(const Tensor&) const;
  Tensor encode_text(const TextBatch&) const;
  Tensor encode_text(const TextBatch&, const BlockPrompts&) const;
  Tensor encode_image(const Tensor&) const;
  Tensor encode_image(const Tensor&, const ImagePrompts&) const;
  TowerSizes towers() const;
  double logit_scale() const;
  Preprocess preprocess() const;
  std::string fingerprint() const;
};

/// What a shared pointer points to; nothing for other types.
template <class P>
struct SharedModel {
  using Type = void;
};
template <class M>
struct SharedModel<std::shared_ptr<M>> {
  using Type = std::remove_const_t<M>;
};
template <class P>
using SharedModelOf = typename SharedModel<P>::Type;

/// A model by value or by pointer, or a shared pointer to something else: none of them can make a method.
template <class P>
concept NoTextModel = VisionLanguageModel<std::remove_cv_t<std::remove_pointer_t<P>>> ||
    (!std::is_void_v<SharedModelOf<P>> && !VisionLanguageModel<SharedModelOf<P>>);
/// The same where the towers are prompted.
template <class P>
concept NoPromptedModel = NoTextModel<P> ||(!std::is_void_v<SharedModelOf<P>> && !PromptedTowers<SharedModelOf<P>>);

/// False; the compiler says what is wrong with a `NoTextModel` or `NoPromptedModel`.
template <class P>
consteval bool model_pointer() {
  static_assert(
      !std::is_void_v<SharedModelOf<P>>,
      "mao: the model is not in a std::shared_ptr, which all that use it share: make it with "
      "`std::make_shared<const mao::Clip>(mao::Clip::load(path))`; see docs/concepts/vision_language_model.md");
  if constexpr (!std::is_void_v<SharedModelOf<P>>) {
    if constexpr (vision_language_model<SharedModelOf<P>>()) return prompted_towers<SharedModelOf<P>>();
  }
  return false;
}

template <class P>
using RefusedModel = std::conditional_t<model_pointer<P>(), NoModel, NoModel>;

}  // namespace explain
}  // namespace mao
