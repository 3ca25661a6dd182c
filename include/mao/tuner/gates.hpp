// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The gates of a `JoinedClassifier`: the probability of each group of classes for an image.

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>

#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/tuner/fit_gate.hpp>

namespace mao {

/// Scores of the groups; their softmax over groups is the probability. `own`: the logits of each group's classes from
/// its own prompts, [B, C of the group]. **Shape** [B, G].
template <class G>
concept GroupGate = requires(const G& gate, const ImageBatch& images, const std::vector<Tensor>& own) {
  { gate(images, own) } -> std::same_as<Tensor>;
};

/// No gate: one softmax over the logits of all groups, which were never compared in training.
struct OpenGate {
  Tensor operator()(const ImageBatch&, const std::vector<Tensor>& own) const {
    std::vector<Tensor> mass;
    for (const Tensor& logits : own) mass.push_back(at::logsumexp(logits, 1));
    return at::stack(mass, 1);
  }
};

static_assert(GroupGate<OpenGate>);

/// The probability of a group is that of its classes in one softmax of a backbone over the classes of all groups. The
/// backbone is the untuned model, or the prompts of the base stage.
template <Backbone BackboneT>
class MassGate {
 public:
  /// `sizes`: the number of classes of each group, in the order of the backbone's classes. **Throws** `OptionError`
  /// unless their sum is the number of classes.
  MassGate(BackboneT backbone, std::vector<std::int64_t> sizes)
      : backbone_(std::make_shared<BackboneT>(std::move(backbone))), sizes_(std::move(sizes)), scorer_(*backbone_) {
    std::int64_t sum = 0;
    for (const std::int64_t size : sizes_) sum += size;
    require<OptionError>(sum == backbone_->classes().size(), "MassGate: groups of ", sum,
                         " classes together, the backbone is bound to ", backbone_->classes().size(),
                         "; bind it to the classes of all groups, in their order");
  }

  Tensor operator()(const ImageBatch& images, const std::vector<Tensor>&) const {
    return OpenGate()(images, scorer_(images).split_with_sizes(sizes_, 1));
  }

 private:
  std::shared_ptr<BackboneT> backbone_;
  std::vector<std::int64_t> sizes_;
  Scorer<BackboneT> scorer_;
};

/// The result of `fit_gate` as tensors. **Shapes** weight [G, D], bias [G].
struct LinearGateTensors {
  explicit LinearGateTensors(const GateFit& fit);
  Tensor weight, bias;
};

/// A linear function of the unit features of the frozen image tower, learned by `fit_gate`.
template <class ModelT>
class LinearGate {
 public:
  /// **Shapes** weight [G, D], bias [G].
  LinearGate(std::shared_ptr<const ModelT> model, Tensor weight, Tensor bias)
      : model_(not_null(std::move(model), "LinearGate: the model")),
        weight_(std::move(weight)),
        bias_(std::move(bias)) {
    expect_shape(weight_, {-1, -1}, "LinearGate: weight");
    expect_shape(bias_, {weight_.size(0)}, "LinearGate: bias");
  }

  LinearGate(std::shared_ptr<const ModelT> model, const GateFit& fit)
      : LinearGate(std::move(model), LinearGateTensors(fit).weight, LinearGateTensors(fit).bias) {}

  Tensor operator()(const ImageBatch& images, const std::vector<Tensor>&) const {
    const Tensor features = frozen_image_features(*model_, images);
    expect_shape(weight_, {-1, features.size(1)}, "LinearGate: weight, for the model's image features");
    return at::matmul(features, weight_.to(features.device()).t()) + bias_.to(features.device());
  }

 private:
  std::shared_ptr<const ModelT> model_;
  Tensor weight_, bias_;
};

/// A gate that is chosen at run time.
using AnyGate = std::function<Tensor(const ImageBatch& images, const std::vector<Tensor>& own)>;

static_assert(GroupGate<AnyGate>);

/// A weighted sum of the log-probabilities of several gates, plus one bias per group.
class WeightedGates {
 public:
  struct Term {
    AnyGate gate;
    double weight = 1;
  };

  /// `bias`: one number per group; may be empty. **Throws** `OptionError` for no gate.
  explicit WeightedGates(std::vector<Term> terms, std::vector<double> bias = {})
      : terms_(std::move(terms)), bias_(std::move(bias)) {
    require<OptionError>(!terms_.empty(), "WeightedGates: no gate given, expected one or more");
  }

  /// **Throws** `ShapeError` if gates or bias are for another number of groups.
  Tensor operator()(const ImageBatch& images, const std::vector<Tensor>& own) const;

 private:
  std::vector<Term> terms_;
  std::vector<double> bias_;
};

static_assert(GroupGate<WeightedGates>);

/// The gate for a group that was added later; the earlier groups keep their gate. The probability of an earlier group
/// is that from `earlier`, times that of all earlier groups together.
class AddedGroupGate {
 public:
  /// `earlier`: between all groups except the last; `last`: two scores, for these together and for the last group.
  AddedGroupGate(AnyGate earlier, AnyGate last) : earlier_(std::move(earlier)), last_(std::move(last)) {}

  /// **Throws** `ShapeError` for fewer than two groups, and if a gate is for another number of groups.
  Tensor operator()(const ImageBatch& images, const std::vector<Tensor>& own) const;

 private:
  AnyGate earlier_, last_;
};

static_assert(GroupGate<AddedGroupGate>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/gates.ipp>
#endif
