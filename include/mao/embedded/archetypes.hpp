// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Types with exactly the members that each concept requires, without bodies: a tuner that compiles with them needs no
/// other members.

#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/labelers/concepts.hpp>
#include <mao/regularizers/concepts.hpp>
#include <mao/sampling/concepts.hpp>
#include <mao/schedules/concepts.hpp>

namespace mao::archetype {

struct Backbone {
  void bind(const ClassList&);
  const ClassList& classes() const;
  Output forward(const ImageBatch&, const Candidates&);
  Tensor auxiliary_loss(const Output&, const Batch&);
  ParameterList parameters();
};

struct Sampler {
  std::vector<Batch> epoch(Rng&);
};

struct Regularizer {
  Candidates candidates(const Batch&, const ClassList&) const;
  Tensor operator()(const Output&, const Batch&) const;
};

struct Schedule {
  int epochs() const;
  double learning_rate(int epoch) const;
};

struct PseudoLabeler {
  PseudoLabels label(const ImageBatch&);
};

struct TextSimilarity {
  Eigen::MatrixXf operator()(const std::vector<std::string>&, const std::vector<std::string>&) const;
};

static_assert(mao::Backbone<Backbone>);
static_assert(mao::Sampler<Sampler>);
static_assert(mao::Regularizer<Regularizer>);
static_assert(mao::Schedule<Schedule>);
static_assert(mao::PseudoLabeler<PseudoLabeler>);
static_assert(mao::TextSimilarity<TextSimilarity>);

}  // namespace mao::archetype
