// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/checks.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/finite.hpp>
#include <mao/config.hpp>

namespace mao {

MAO_INLINE void check_parameters(const ParameterList& parameters, const StepPlace& place) {
  require<PolicyError>(!parameters.empty(), place,
                       ": the backbone's `parameters()` is empty, so nothing can be trained");
  std::set<std::string> names;
  for (const Parameter& parameter : parameters) {
    const std::string& name = parameter.name;
    const Tensor& value = parameter.value;
    const auto demand = [&](bool ok, const char* expected) {
      require<PolicyError>(ok, place, ": the backbone's parameter '", name, "' ", expected);
    };
    demand(!name.empty(), "has no name; it is saved under it");
    demand(names.insert(name).second, "occurs twice; each name is that of one tensor");
    demand(value.defined(), "is an undefined tensor");
    demand(value.is_floating_point(), "holds whole numbers, expected fp32 (mao::parameter makes them)");
    demand(value.is_leaf() && value.requires_grad(),
           "does not train: it requires no gradient or is computed from others; mao::parameter makes those that do");
    demand(std::isfinite(parameter.rate) && parameter.rate >= 0, "has a `rate` that is negative or not finite");
    demand(std::isfinite(parameter.decay) && parameter.decay >= 0, "has a `decay` that is negative or not finite");
    demand(value.device() == parameters.front().value.device(), "is on another device than the first one");
    require<NumericError>(all_finite(value), place, ": ", name,
                          " is not finite before the first step: ", "it was loaded or made so");
  }
}

MAO_INLINE void check_same_parameters(const ParameterList& known, const ParameterList& now, const StepPlace& place) {
  const auto same = [](const Parameter& a, const Parameter& b) { return a.name == b.name && a.value.is_same(b.value); };
  require<PolicyError>(std::equal(known.begin(), known.end(), now.begin(), now.end(), same), place,
                       ": the backbone's `parameters()` gives other tensors than when the tuner was made, so what is "
                       "trained is not what it uses; keep the tensors as members and return those");
}

MAO_INLINE void check_labels(const Batch& batch, std::int64_t classes, bool labelled, const char* who,
                             const StepPlace& place) {
  const auto count = [&](std::size_t found, std::int64_t expected, const char* what) {
    require<PolicyError>(static_cast<std::int64_t>(found) == expected, place, ": ", who, " gave ", found, " ", what,
                         " for a batch of ", batch.size(), " images, expected ", expected);
  };
  if (labelled || !batch.labels.empty()) count(batch.labels.size(), batch.size(), "labels");
  if (!batch.weights.empty()) count(batch.weights.size(), batch.size(), "weights");
  if (!batch.targets.empty()) count(batch.targets.size(), batch.size() * classes, "soft targets");
  for (const std::int64_t label : batch.labels) {
    require<PolicyError>(label >= 0 && label < classes, place, ": ", who, " gave the label ", label,
                         ", the backbone is bound to classes 0 to ", classes - 1);
  }
  const auto counts = [](float value) { return std::isfinite(value) && value >= 0; };
  require<PolicyError>(std::ranges::all_of(batch.weights, counts) && std::ranges::all_of(batch.targets, counts), place,
                       ": ", who, " gave a weight or soft target that is negative or not finite");
  for (std::int64_t i = 0; !batch.targets.empty() && i < batch.size(); ++i) {
    if (!batch.weights.empty() && batch.weights[static_cast<std::size_t>(i)] == 0) continue;
    const auto row = batch.targets.begin() + i * classes;
    const double sum = std::accumulate(row, row + classes, 0.0);
    require<PolicyError>(std::abs(sum - 1) < 1e-2, place, ": ", who, " gave soft targets of image ", i,
                         " of the batch that sum to ", sum, ", expected a distribution over the ", classes, " classes");
  }
}

MAO_INLINE void check_batches(const std::vector<Batch>& batches, std::int64_t images, std::int64_t classes,
                              bool labelled, StepPlace place) {
  require<DataError>(!batches.empty(), place, ": the sampler gave no batches, so nothing would be trained");
  for (place.step = 0; place.step < static_cast<int>(batches.size()); ++place.step) {
    const Batch& batch = batches[static_cast<std::size_t>(place.step)];
    require<PolicyError>(batch.size() > 0, place, ": the sampler gave a batch of no images");
    for (const std::int64_t image : batch.images) {
      require<PolicyError>(image >= 0 && image < images, place, ": the sampler gave image ", image,
                           ", the source has images 0 to ", images - 1);
    }
    check_labels(batch, classes, labelled, "the sampler", place);
  }
}

MAO_INLINE void check_candidates(const Candidates& candidates, const Batch& batch, std::int64_t classes,
                                 bool ignores_labels, const StepPlace& place) {
  require<PolicyError>(candidates.size() > 0, place, ": the regularizer's `candidates` names no class");
  std::vector<bool> seen(static_cast<std::size_t>(classes), false);
  for (const std::int64_t id : candidates.ids) {
    require<PolicyError>(id >= 0 && id < classes, place, ": the regularizer's `candidates` names class ", id,
                         ", the backbone is bound to classes 0 to ", classes - 1);
    require<PolicyError>(!seen[static_cast<std::size_t>(id)], place, ": the regularizer's `candidates` names class ",
                         id, " twice; each candidate is one column");
    seen[static_cast<std::size_t>(id)] = true;
  }
  if (ignores_labels) return;
  for (const std::int64_t label : batch.labels) {
    require<PolicyError>(seen[static_cast<std::size_t>(label)], place, ": label ", label,
                         " of the batch is not among the ", candidates.size(),
                         " candidates of the regularizer; the loss has no column for it");
  }
}

MAO_INLINE void check_output(const Output& output, const Candidates& asked, std::int64_t images, const Tensor& trained,
                             bool graph, const StepPlace& place) {
  const Tensor& logits = output.logits;
  const auto demand = [&](bool ok, const auto&... parts) {
    require<PolicyError>(ok, place, ": the backbone's `forward` gave ", parts...);
  };
  demand(logits.defined(), "no logits, expected [", images, ", ", asked.size(), "]");
  demand(output.candidates == asked, "an output over ", output.candidates.size(), " candidates, it was asked for ",
         asked.size(), "; put the candidates of the call into `Output::candidates`, in their order");
  demand(logits.dim() == 2 && logits.size(0) == images && logits.size(1) == asked.size(), "logits of shape ",
         shape_text(logits.sizes()), ", expected ", shape_text({images, asked.size()}),
         ", one row per image and one column per candidate; encode only the candidates, in their order");
  demand(logits.scalar_type() == at::kFloat || logits.scalar_type() == at::kDouble, "logits of type ",
         c10::toString(logits.scalar_type()), ", expected Float; convert features before they are compared");
  demand(logits.device() == trained.device(), "logits on ", logits.device(), ", its parameters are on ",
         trained.device());
  demand(!graph || logits.requires_grad(),
         "logits that no gradient flows through, so nothing would be trained: they do "
         "not depend on `parameters()`, or were computed detached");
  const auto rows = [&](const Tensor& features, std::int64_t dim, std::int64_t expected, const char* what) {
    demand(!features.defined() || (features.dim() >= 2 && features.size(features.dim() + dim) == expected), what,
           " features of shape ", features.defined() ? shape_text(features.sizes()) : "", ", expected ", expected,
           " rows");
  };
  rows(output.image, -2, images, "image");
  rows(output.text, -2, asked.size(), "text");
}

MAO_INLINE void check_loss(const Tensor& loss, const char* who, bool graph, const StepPlace& place) {
  require<PolicyError>(loss.defined(), place, ": ", who, " gave an undefined tensor, expected a scalar loss");
  require<PolicyError>(loss.numel() == 1 && loss.is_floating_point(), place, ": ", who, " gave a tensor of shape ",
                       shape_text(loss.sizes()), ", expected a scalar loss; take the mean over the images");
  require<PolicyError>(!graph || loss.requires_grad(), place, ": ", who,
                       " gave a loss that no gradient flows through, so nothing would be trained");
}

MAO_INLINE double checked_rate(double rate, const StepPlace& place, const std::string& whose) {
  constexpr double most = std::numeric_limits<float>::max();
  require<OptionError>(rate >= 0 && rate <= most, place, ": the schedule's learning rate ",
                       whose.empty() ? "" : "times the multiple of " + whose + " ", "is ", rate,
                       ", expected a finite number, 0 or above, that fp32 can hold (at most ", most, ")");
  return rate;
}

MAO_INLINE void ChangeWatch::before(const ParameterList& parameters, const StepPlace& place) {
  if (seen_ || !start_.empty()) return;
  const auto reached = [](const Parameter& parameter) { return parameter.value.grad().defined(); };
  require<PolicyError>(std::ranges::any_of(parameters, reached), place,
                       ": none of the backbone's parameters got a gradient; the loss has to depend on the tensors that "
                       "`parameters()` returns");
  // An update by a small rate may round to nothing; a gradient that is not 0 shows that the loss depends on it.
  seen_ = std::ranges::any_of(parameters, [&](const Parameter& parameter) {
    return reached(parameter) && parameter.value.grad().ne(0).any().template item<bool>();
  });
  if (seen_) return;
  for (const Parameter& parameter : parameters) start_.push_back(parameter.value.detach().clone());
}

MAO_INLINE void ChangeWatch::after(const ParameterList& parameters, double rate) {
  fastest_ = std::max(fastest_, rate);
  if (seen_) return;
  for (std::size_t i = 0; i < start_.size() && !seen_; ++i) seen_ = !parameters[i].value.equal(start_[i]);
  if (seen_) start_.clear();
}

MAO_INLINE void ChangeWatch::expect(const ParameterList& parameters, const StepPlace& place) const {
  require<PolicyError>(seen_ || fastest_ == 0, place, ": the steps of a complete epoch changed none of the ",
                       parameters.size(), " parameters at a learning rate of up to ", fastest_,
                       ": every gradient was 0; the loss has to depend on what `parameters()` returns, and among a ",
                       "single class it is 0 whatever is learned");
}

}  // namespace mao
