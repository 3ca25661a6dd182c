// SPDX-License-Identifier: Apache-2.0
#include "tune/learn_gate.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/stack.h>

#include <mao/core/detail/ops.hpp>
#include <mao/evaluation/all_classes.hpp>
#include <mao/tuner/fit_gate.hpp>
#include <mao/tuner/predict.hpp>

namespace mao_program {

namespace {

constexpr double hardly_better = 60;  // percent of images; guessing gives 50

std::string text_about(const GateFit& fit, const std::string& between) {
  std::ostringstream line;
  line << std::fixed << std::setprecision(1) << "gate between " << between
       << ", for one classifier over all classes: right for " << fit.held_out
       << " % of held-out training images (guessing: 50 %; penalty " << std::defaultfloat << std::setprecision(3)
       << fit.penalty << ", weight of the untuned model " << std::fixed << std::setprecision(2) << fit.shares.front()
       << ")";
  if (fit.held_out < hardly_better)
    line
        << "\nnote: this gate is hardly better than guessing; do the unlabelled images show only classes that are new?";
  return line.str();
}

}  // namespace

Tensor unit_features(const OpenedModel& opened, ImageSource& images) {
  const at::NoGradGuard frozen;
  const StepPlace place{.name = "gate between the groups"};
  const auto batches = evaluation_views(count_of(images, place), 100);
  announce_to(images, batches, place);
  std::vector<Tensor> parts;
  for (const auto& views : batches) {
    parts.push_back(frozen_image_features(*opened.model, load_from(images, views, place)).cpu());
  }
  return at::cat(parts);
}

Tensor half_masses(const Tensor& logits, std::int64_t base) {
  const auto mass = [&](std::int64_t first, std::int64_t count) {
    return at::logsumexp(logits.narrow(1, first, count), 1);
  };
  return at::log_softmax(at::stack({mass(0, base), mass(base, logits.size(1) - base)}, 1), 1);
}

JoinedGate learn_gate(const OpenedModel& opened, const RunSettings& settings, const GatePool& pool,
                      const GateChoice& choice, const std::function<void(const std::string&)>& note) {
  std::int64_t before = 0;
  for (ImageSource* source : pool.before) before += source->size();
  if (std::min(before, pool.last->size()) < GateFitOptions().folds) {
    note("gate between " + choice.between + ": too few training images to learn it; the untuned model decides");
    return {};
  }
  const ClassList all = mao::detail::joined_list({pool.classes_before, pool.classes_last});
  auto untuned = make_zero_shot(opened, all, settings.method, settings.data.data);
  std::vector<ImageSource*> sources = pool.before;
  sources.push_back(pool.last);
  std::vector<Tensor> features, logits;
  for (ImageSource* source : sources) {
    features.push_back(unit_features(opened, *source));
    logits.push_back(predict_logits(untuned, all, *source));
  }
  GateImages images{.features = as_matrix(at::cat(features)), .groups = {}, .masses = {}};
  images.groups.assign(static_cast<std::size_t>(before), 0);
  images.groups.insert(images.groups.end(), static_cast<std::size_t>(pool.last->size()), 1);
  images.masses.push_back(as_matrix(half_masses(at::cat(logits), pool.classes_before.size())));
  GateFitOptions options;
  options.proportions = choice.proportions;
  const GateFit fit = fit_gate(images, options);
  note(text_about(fit, choice.between));
  LinearGateTensors linear(fit);
  return {.weight = std::move(linear.weight), .bias = std::move(linear.bias), .share = fit.shares.front()};
}

}  // namespace mao_program
