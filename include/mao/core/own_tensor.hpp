// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tensors as values: a copy of their owner has its own tensors.

#include <string>
#include <utility>

#include <mao/core/tensor.hpp>

namespace mao {

/// A tensor whose copy is a new tensor with the same values, for the parameters of a backbone. `mao::Tensor` is a
/// handle, so two copies of a backbone would train the same values, possibly for different classes. Moves, and
/// assigning or returning a `mao::Tensor`, share the tensor as usual.
class OwnTensor : public Tensor {
 public:
  OwnTensor() = default;
  OwnTensor(Tensor value) : Tensor(std::move(value)) {}  // NOLINT: converts on purpose
  OwnTensor(const OwnTensor& other) : Tensor(copy_of(other)) {}
  OwnTensor(OwnTensor&&) noexcept = default;
  ~OwnTensor() = default;
  OwnTensor& operator=(const OwnTensor& other) { return this == &other ? *this : *this = copy_of(other); }
  OwnTensor& operator=(OwnTensor&& other) noexcept;
  OwnTensor& operator=(const Tensor& value);

  /// A leaf with the same values, which trains if this one does.
  static Tensor copy_of(const Tensor& value);
};

/// The same for a named one.
struct OwnParameter : Parameter {
  OwnParameter() = default;
  OwnParameter(std::string of, Tensor tensor, double multiple = 1)
      : Parameter{std::move(of), std::move(tensor), multiple} {}
  OwnParameter(const OwnParameter& other) : Parameter{other.name, OwnTensor::copy_of(other.value), other.rate} {}
  OwnParameter(OwnParameter&&) noexcept = default;
  ~OwnParameter() = default;
  OwnParameter& operator=(const OwnParameter& other) { return *this = OwnParameter(other); }
  OwnParameter& operator=(OwnParameter&&) noexcept = default;
};

/// The same for a list of them.
struct OwnParameters : ParameterList {
  OwnParameters() = default;
  OwnParameters(const OwnParameters& other) : ParameterList(other) {
    for (Parameter& parameter : *this) parameter.value = OwnTensor::copy_of(parameter.value);
  }
  OwnParameters(OwnParameters&&) noexcept = default;
  ~OwnParameters() = default;
  OwnParameters& operator=(const OwnParameters& other) { return *this = OwnParameters(other); }
  OwnParameters& operator=(OwnParameters&&) noexcept = default;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/own_tensor.ipp>
#endif
