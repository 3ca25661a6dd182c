// SPDX-License-Identifier: Apache-2.0
#pragma once
// Random tensors and the distance of two results, shared by the tests of the kernels.
#include <cstdint>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/randn.h>

#include <mao/core/tensor.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao_test {

inline mao::Tensor random(at::IntArrayRef shape, std::uint64_t seed, at::ScalarType dtype = at::kFloat) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(shape, generator, at::TensorOptions(at::kFloat)).to(dtype);
}

/// A leaf in double precision with the same values.
inline mao::Tensor exact(const mao::Tensor& value) {
  return value.defined() ? value.detach().to(at::kDouble).requires_grad_(true) : mao::Tensor();
}

/// |actual - expected| / |expected| as vectors; 0 for two empty ones.
inline double distance(const mao::Tensor& actual, const mao::Tensor& expected) {
  const mao::Tensor wanted = expected.detach().to(at::kDouble).cpu();
  const double apart = actual.detach().to(at::kDouble).cpu().sub(wanted).norm().item<double>();
  return apart == 0 ? 0 : apart / wanted.norm().item<double>();
}

/// What a result stored as `dtype` may be off by.
inline double tolerance(at::ScalarType dtype) { return dtype == at::kBFloat16 ? 1e-2 : 2e-6; }

}  // namespace mao_test
