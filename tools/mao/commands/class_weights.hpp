// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A method as a linear head over the unit image features of the frozen tower.

#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include <mao/backbones/scorer.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/prompts/phrase.hpp>
#include <mao/core/detail/ops.hpp>

#include "models/models.hpp"

namespace mao_program {

/// **Shapes** weight [C, D], unit rows.
struct ClassWeights {
  Tensor weight;
  double logit_scale = 0;
};

/// **Throws** `OptionError` for a name that the list of names beside the weights, one per line, cannot hold.
inline void expect_one_line_each(const ClassList& classes) {
  for (const std::string& name : classes.names) {
    require<OptionError>(name.find_first_of("\n\r") == std::string::npos, "class '", printable(name),
                         "' has a line break, and the list of names has one per line; give it a name without one");
  }
}

/// **Throws** `OptionError` where no such head says what the method says.
template <class BackboneT>
ClassWeights weights_of(BackboneT& backbone, const OpenedModel& opened, const std::string& method) {
  const BackboneTraits traits = traits_of(backbone);
  require<OptionError>(traits.class_features, method,
                       ": its class features depend on the image, so there are no class weights to export; use `mao "
                       "predict`, or --reference");
  require<OptionError>(traits.frozen_image_tower, method,
                       ": it prompts the image tower too, so class weights on the features of the plain tower would "
                       "not be its answers; use `mao predict`, or --reference");
  const at::NoGradGuard frozen;
  const Candidates all = Candidates::all(backbone.classes().size());
  ClassWeights result{backbone.encode_text(all).detach().cpu().contiguous(), backbone.logit_scale()};
  // The head against the method itself, on any features: what scores in another way (DePT, CoPrompt) is found out here.
  const Tensor probe = normal_tensor({4, result.weight.size(1)}, 1.0, Rng(1)).to(opened.device);
  const Tensor own = Scorer(backbone)({.pixels = {}, .features = probe}).cpu();
  const Tensor unit = (probe / probe.norm(2, 1, true)).cpu();
  const Tensor head = at::matmul(unit, result.weight.t()) * result.logit_scale;
  require<OptionError>((own - head).abs().max().item<double>() < 1e-3 * result.logit_scale, method,
                       ": it changes image features or scores, so class weights by themselves would not give its "
                       "predictions; use `mao predict`, or --reference");
  return result;
}

}  // namespace mao_program
