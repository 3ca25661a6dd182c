// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every backbone promises (docs/concepts/backbone.md), checked on the toy model.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/tuner/detail/losses.hpp>
#include <mao/tuner/detail/outputs.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

namespace mao_test {

/// Numbers that train.
inline std::int64_t count(const mao::ParameterList& parameters) {
  std::int64_t total = 0;
  for (const mao::Parameter& parameter : parameters) total += parameter.value.numel();
  return total;
}

inline mao::TensorMap copy_of(const mao::ParameterList& parameters) {
  mao::TensorMap copies;
  for (const mao::Parameter& parameter : parameters) copies[parameter.name] = parameter.value.detach().clone();
  return copies;
}

/// Six images of the first three toy classes, with a second view.
inline mao::ImageBatch toy_batch() {
  mao::ImageBatch images{.pixels = mao::testing::ToyImages(3, 2, 5).pixels, .features = {}};
  images.second_pixels = mao::testing::ToyImages(3, 2, 6).pixels;
  return images;
}

/// One step's losses and gradients. `whole`: encode every class and select, whatever the backbone needs.
template <class BackboneT>
mao::Losses back_propagated(BackboneT& backbone, bool whole, const mao::Batch& batch) {
  const mao::AlterableRegularizer regularizer;
  const mao::ImageBatch images = toy_batch();
  const mao::Candidates candidates = regularizer.candidates(batch, backbone.classes());
  const bool all = whole || mao::traits_of(backbone).needs_all_classes;
  mao::Output full = backbone.forward(images, all ? mao::Candidates::all(backbone.classes().size()) : candidates);
  full.images = images;
  mao::Output output = mao::select_candidates(full, candidates);
  const mao::Losses losses = mao::losses_of(backbone, regularizer, full, output, batch);
  for (mao::Parameter& parameter : backbone.parameters()) parameter.value.mutable_grad() = mao::Tensor();
  mao::back_propagate(backbone, losses);
  return losses;
}

inline const mao::Batch toy_labels{.images = {0, 1, 2, 3, 4, 5}, .labels = {0, 0, 1, 1, 2, 2}, .weights = {}};

/// Learned tensors survive `bind` bit for bit; coming back gives the same logits.
template <class MakeT>
void check_binding(MakeT&& make) {
  auto backbone = make();
  const mao::ImageBatch images = toy_batch();
  const mao::ClassList before = backbone.classes();
  const auto logits_of = [&] {
    const at::NoGradGuard frozen;
    return backbone.forward(images, mao::Candidates::all(backbone.classes().size())).logits.detach().clone();
  };
  const auto learned = copy_of(backbone.parameters());
  const mao::Tensor logits = logits_of();
  backbone.bind(mao::ClassList{{"new one", "new_two", "a longer new name"}});
  CHECK(backbone.classes().size() == 3);
  for (const mao::Parameter& parameter : backbone.parameters()) {
    CAPTURE(parameter.name);
    CHECK(parameter.value.equal(learned.at(parameter.name)));
  }
  CHECK(logits_of().size(1) == 3);
  backbone.bind(before);
  CHECK(logits_of().equal(logits));
}

/// reg-B over the encoded candidates alone: the loss and gradients of encoding every class.
template <class MakeT>
void check_candidates(MakeT&& make) {
  auto few = make(), all = make();
  const mao::Losses part = back_propagated(few, false, toy_labels), whole = back_propagated(all, true, toy_labels);
  CHECK(part.task.template item<double>() == Approx(whole.task.template item<double>()).epsilon(1e-5));
  const auto expected = all.parameters();
  std::size_t i = 0;
  for (const mao::Parameter& parameter : few.parameters()) {
    CAPTURE(parameter.name);
    REQUIRE(parameter.name == expected[i].name);
    const mao::Tensor &gradient = parameter.value.grad(), &other = expected[i++].value.grad();
    REQUIRE(gradient.defined() == other.defined());
    if (gradient.defined() && other.norm().item<double>() > 1e-6) {
      CHECK(mao::testing::relative_difference(gradient, other) < 2e-4);
    }
  }
}

/// Every listed parameter gets a gradient and nothing else does; an evaluation changes nothing.
template <class MakeT>
void check_gradients(MakeT&& make, const std::vector<std::string>& without = {}) {
  auto backbone = make();
  back_propagated(backbone, false, toy_labels);
  for (const mao::Parameter& parameter : backbone.parameters()) {
    CAPTURE(parameter.name);
    CHECK(parameter.value.is_leaf());
    CHECK(parameter.value.scalar_type() == at::kFloat);
    const bool expected = std::find(without.begin(), without.end(), parameter.name) == without.end();
    CHECK(parameter.value.grad().defined() == expected);
  }
  const auto learned = copy_of(backbone.parameters());
  const at::NoGradGuard frozen;
  const mao::Tensor once = backbone.forward(toy_batch(), mao::Candidates::all(backbone.classes().size())).logits;
  const mao::Tensor twice = backbone.forward(toy_batch(), mao::Candidates::all(backbone.classes().size())).logits;
  CHECK(once.equal(twice));
  for (const mao::Parameter& parameter : backbone.parameters()) {
    CHECK(parameter.value.equal(learned.at(parameter.name)));
  }
}

/// All of them; `make` gives the same backbone each time, bound to six toy classes.
template <class MakeT>
void check_backbone(MakeT&& make) {
  SECTION("learned tensors survive binding") { check_binding(make); }
  SECTION("candidates alone give the loss and the gradients of all classes") { check_candidates(make); }
  SECTION("the parameters get gradients, an evaluation changes nothing") { check_gradients(make); }
}

}  // namespace mao_test
