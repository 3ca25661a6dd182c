// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/regularizers/sigmoid_loss.hpp>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>

namespace mao {

MAO_INLINE SigmoidLoss::SigmoidLoss(Options options) : options_(options) {
  require<OptionError>(std::isfinite(options_.bias), "SigmoidLoss: the bias is ", options_.bias,
                       ", expected a finite number, such as Siglip::logit_bias()");
}

MAO_INLINE Candidates SigmoidLoss::candidates(const Batch& batch, const ClassList& classes) const {
  if (options_.classes == Classes::All) return Candidates::all(classes.size());
  return AlterableRegularizer().candidates(batch, classes);
}

}  // namespace mao

namespace mao::detail {

/// Of each row the columns of its image: of its own label, and if labels are joined of those of its other rows.
MAO_INLINE std::vector<std::set<std::int64_t>> columns_of_images(const Batch& batch, const Candidates& candidates,
                                                                 bool joined) {
  const auto own = columns_of(batch.labels, candidates);
  std::map<std::int64_t, std::set<std::int64_t>> of_image;
  for (std::size_t i = 0; joined && i < own.size(); ++i) {
    if (batch.weights.empty() || batch.weights[i] > 0) of_image[batch.images.at(i)].insert(own[i]);
  }
  std::vector<std::set<std::int64_t>> result;
  for (std::size_t i = 0; i < own.size(); ++i) {
    result.push_back({own[i]});
    if (joined) result.back().insert(of_image[batch.images[i]].begin(), of_image[batch.images[i]].end());
  }
  return result;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Tensor SigmoidLoss::shown(const Output& output, const Batch& batch) const {
  const std::int64_t images = output.logits.size(0), classes = output.logits.size(1);
  if (!batch.targets.empty() && options_.classes == Classes::All) {
    require<ShapeError>(static_cast<std::int64_t>(batch.targets.size()) == images * classes,
                        "SigmoidLoss: ", batch.targets.size(), " soft targets for ", images, " images and ", classes,
                        " candidates, expected one for each pair; soft targets need every class as a candidate");
    const Tensor soft = at::tensor(batch.targets).view({images, classes});
    const Tensor ordered = soft.index_select(1, at::tensor(output.candidates.ids));
    return options_.targets == Targets::Marks ? ordered.gt(0).to(at::kFloat) : ordered;
  }
  Tensor marks = at::zeros({images, classes});
  auto mark = marks.accessor<float, 2>();
  const auto columns = detail::columns_of_images(batch, output.candidates, options_.joins_labels);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (const std::int64_t column : columns[i]) mark[static_cast<std::int64_t>(i)][column] = 1;
  }
  return marks;
}

MAO_INLINE Tensor SigmoidLoss::operator()(const Output& output, const Batch& batch) const {
  const std::int64_t classes = output.candidates.size();
  require<ShapeError>(output.logits.defined() && output.logits.sizes() == at::IntArrayRef({batch.size(), classes}) &&
                          static_cast<std::int64_t>(batch.labels.size()) == batch.size(),
                      "SigmoidLoss: the backbone's logits ",
                      output.logits.defined() ? "have shape " + shape_text(output.logits.sizes()) : "are undefined",
                      " for ", batch.size(), " images with ", batch.labels.size(), " labels and ", classes,
                      " candidates, expected ", shape_text({batch.size(), classes}), " and a label for each image");
  const Tensor logits = output.logits + options_.bias;
  const Tensor wanted = shown(output, batch).to(logits.device(), logits.scalar_type());
  const Tensor pairs = at::binary_cross_entropy_with_logits(logits, wanted, {}, {}, /*reduction: none*/ 0);
  return weighted_mean(pairs.sum(1), batch.weights);
}

}  // namespace mao
