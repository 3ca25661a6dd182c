// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One classifier over groups of classes, each with its own prompts.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/tuner/gates.hpp>

namespace mao {

namespace detail {

/// The classes of all groups in one list. **Throws** `DataError` for a class in two groups.
ClassList joined_list(const std::vector<ClassList>& groups);

/// The position of each class in `all`. **Throws** `OptionError` naming a class that is not in it.
std::vector<std::int64_t> places_in(const ClassList& classes, const ClassList& all);

}  // namespace detail

/// The probability of a class is that of its group, from the gate, times that of the class within the group, from the
/// group's own prompts; logits are its logarithm. A backbone for evaluation: nothing in it trains.
///
/// With a frozen image tower, the groups share its features. A method that prompts the image tower encodes each image
/// once per group, and again for each gate that needs the image.
template <Backbone BackboneT, GroupGate GateT = OpenGate>
class JoinedClassifier {
 public:
  static constexpr bool frozen_image_tower = FrozenImageTower<BackboneT>;

  /// Each group is bound to its own classes. **Throws** `OptionError` for no groups or a group without classes,
  /// `DataError` for a class in two groups.
  explicit JoinedClassifier(std::vector<BackboneT> groups, GateT gate = {}) : gate_(std::move(gate)) {
    require<OptionError>(!groups.empty(), "JoinedClassifier: no groups of classes, expected one or more");
    for (BackboneT& group : groups) {
      groups_.push_back(group.classes());
      backbones_.push_back(std::make_shared<BackboneT>(std::move(group)));
      scorers_.emplace_back(*backbones_.back());
    }
    all_ = classes_ = detail::joined_list(groups_);
    places_ = Candidates::all(all_.size()).ids;
  }

  /// Restricts the predictions to some of the joined classes, in any order. **Throws** `OptionError` for another class,
  /// because no group has prompts for it.
  void bind(ClassList classes) {
    places_ = detail::places_in(classes, all_);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  /// The classes of each group.
  [[nodiscard]] const std::vector<ClassList>& groups() const { return groups_; }
  /// The group of the class at a position in `classes()`.
  [[nodiscard]] std::size_t group_of(std::int64_t id) const {
    std::int64_t place = places_.at(static_cast<std::size_t>(id));
    std::size_t group = 0;
    while (place >= groups_[group].size()) place -= groups_[group++].size();
    return group;
  }

  Output forward(const ImageBatch& images, const Candidates& candidates) {
    const at::NoGradGuard frozen;
    ImageBatch shared = images;
    if (shared.frozen == nullptr) shared.frozen = std::make_shared<FrozenFeatures>();
    std::vector<Tensor> own;
    for (const auto& scorer : scorers_) own.push_back(scorer(shared));
    const Tensor scores = gate_(shared, own);
    expect_shape(scores, {images.size(), static_cast<std::int64_t>(own.size())}, "JoinedClassifier: the gate's scores");
    const Tensor of_group = at::log_softmax(scores, 1);
    for (std::size_t g = 0; g < own.size(); ++g) {
      own[g] = at::log_softmax(own[g], 1) + of_group.narrow(1, static_cast<std::int64_t>(g), 1);
    }
    std::vector<std::int64_t> columns;
    for (const std::int64_t id : candidates.ids) columns.push_back(places_.at(static_cast<std::size_t>(id)));
    const Tensor all = at::cat(own, 1);
    return {.logits = all.index_select(1, at::tensor(columns).to(all.device())),
            .image = {},
            .text = {},
            .scale = {},
            .candidates = candidates};
  }

  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }
  ParameterList parameters() { return {}; }
  [[nodiscard]] ClassList learned_for() const { return {}; }

 private:
  std::vector<ClassList> groups_;
  std::vector<std::shared_ptr<BackboneT>> backbones_;  // where the scorers look
  std::vector<Scorer<BackboneT>> scorers_;
  GateT gate_;
  ClassList all_, classes_;
  std::vector<std::int64_t> places_;  // of the bound classes in all of them
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/joined_classifier.ipp>
#endif
