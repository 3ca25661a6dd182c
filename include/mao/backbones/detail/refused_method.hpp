// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Stands in for a method whose model was refused, so that one mistake gives one error.

#include <mao/backbones/concepts.hpp>
#include <mao/models/concepts.hpp>

namespace mao::detail {

/// A `Backbone` without bodies, made of anything.
class RefusedMethod {
 public:
  template <class... Args>
  explicit RefusedMethod(Args&&...) {}

  void bind(const ClassList&);
  [[nodiscard]] const ClassList& classes() const;
  Output forward(const ImageBatch&, const Candidates&);
  Tensor auxiliary_loss(const Output&, const Batch&);
  ParameterList parameters();
  Tensor encode_text(const Candidates&);
  Tensor encode_image(const ImageBatch&);
  [[nodiscard]] double logit_scale() const;
};

}  // namespace mao::detail
