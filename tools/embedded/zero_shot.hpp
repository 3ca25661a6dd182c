// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Zero-shot accuracy of a model in training, with the prompt "a photo of a {}.".

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include <mao/core/random.hpp>
#include <mao/core/tensor.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/core/detail/ops.hpp>

#include "batches.hpp"
#include "pictures.hpp"
#include "trainable_tower.hpp"

namespace mao::embedded {

/// Plain photos of `classes` random ones of a list, for comparing combinations that were trained on with those that
/// were not.
inline LabelledPictures photos(std::vector<Combination> from, std::size_t classes, std::int64_t per_class) {
  Rng(world_seed)["photos"].shuffle(from);
  from.resize(classes);
  Task task{"photos", "", known_style(0), std::move(from)};
  task.test_images = per_class;
  return pictures(task, Half::Base, Split::Test);
}

/// Per cent of pictures whose class is the nearest prompt.
template <class Model, class Tokenizer>
double zero_shot(const TensorMap& weights, const ModelSizes& sizes, const Tokenizer& tokenizer,
                 const LabelledPictures& set) {
  const at::NoGradGuard no_grad;
  const Model model(weights, sizes, at::kFloat);
  std::vector<std::string> prompts;
  for (const std::string& name : set.class_names) prompts.push_back("a photo of a " + name + ".");
  const TokenRows rows = token_rows(tokenizer, prompts, sizes.context);
  const Tensor text = model.encode_text(rows.tokens, rows.ends);
  const Tensor classes = text / text.norm(2, -1, true);
  std::vector<Tensor> parts;
  for (const Tensor& part : set.bytes.split(128)) {
    parts.push_back(at::matmul(model.encode_image(normalised(part, Model::preprocess())), classes.t()).argmax(-1));
  }
  return at::cat(parts).eq(set.labels).to(at::kDouble).mean().item<double>() * 100;
}

}  // namespace mao::embedded
