// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the type of a policy cannot say, checked where it is free: a mistake is a sentence, never a wrong number.

#include <string>
#include <vector>

#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/detail/policy_call.hpp>
#include <mao/core/output.hpp>

namespace mao {

/// Parameters are named, each name once, and are leaves that train. **Throws** `PolicyError`, `NumericError` for one
/// that is not finite before any step.
void check_parameters(const ParameterList& parameters, const StepPlace& place);

/// A backbone gives the same tensors whenever it is asked. **Throws** `PolicyError`.
void check_same_parameters(const ParameterList& known, const ParameterList& now, const StepPlace& place);

/// Labels, weights and soft targets as many as images, ids of the bound classes. `who` gave them; `labelled`: labels
/// are there by now. **Throws** `PolicyError`.
void check_labels(const Batch& batch, std::int64_t classes, bool labelled, const char* who, const StepPlace& place);

/// The batches of an epoch: there are some, of images that the source has. **Throws** `DataError`, `PolicyError`.
void check_batches(const std::vector<Batch>& batches, std::int64_t images, std::int64_t classes, bool labelled,
                   StepPlace place);

/// Candidates are classes of the list, each once, and hold every label (unless the method `ignores_labels`).
/// **Throws** `PolicyError`.
void check_candidates(const Candidates& candidates, const Batch& batch, std::int64_t classes, bool ignores_labels,
                      const StepPlace& place);

/// What came out of `forward`: logits [B, H] over the candidates that were asked for, with a graph to what trains.
/// **Throws** `PolicyError`.
void check_output(const Output& output, const Candidates& asked, std::int64_t images, const Tensor& trained, bool graph,
                  const StepPlace& place);

/// A loss is one number with a graph. **Throws** `PolicyError`. `who` gave it.
void check_loss(const Tensor& loss, const char* who, bool graph, const StepPlace& place);

/// A learning rate that steps can be taken with. **Throws** `OptionError`; `whose`: of a parameter with a multiple.
double checked_rate(double rate, const StepPlace& place, const std::string& whose = {});

/// **Throws** `OptionError` when a policy says that it is for other classes.
template <class PolicyT>
void expect_stated(const PolicyT& policy, const ClassList& classes, const std::string& who) {
  if constexpr (StatesClasses<PolicyT>) {
    if (policy.classes().names.empty() || policy.classes() == classes) return;
    expect_same_classes(policy.classes(), classes, who, "bind the backbone to the classes of its policies");
  }
}

/// Watches that steps change the parameters, until the first one that does.
class ChangeWatch {
 public:
  /// After the backward pass. **Throws** `PolicyError` when no parameter got a gradient.
  void before(const ParameterList& parameters, const StepPlace& place);

  /// After the update; `rate`: the largest of its learning rates.
  void after(const ParameterList& parameters, double rate);

  /// At the end of an epoch. **Throws** `PolicyError` when steps were taken and nothing has changed.
  void expect(const ParameterList& parameters, const StepPlace& place) const;

  /// The largest learning rate of all updates, 0 before any.
  [[nodiscard]] double fastest() const { return fastest_; }

 private:
  std::vector<Tensor> start_;
  double fastest_ = 0;
  bool seen_ = false;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/checks.ipp>
#endif
