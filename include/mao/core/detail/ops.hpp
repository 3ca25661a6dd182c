// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `+ - * /` on tensors without all of ATen: the operators' header pulls in every function unless told not to.

#include <mao/core/tensor.hpp>

#ifdef AT_PER_OPERATOR_HEADERS
#include <ATen/TensorOperators.h>
#else
#define AT_PER_OPERATOR_HEADERS
#include <ATen/TensorOperators.h>
#undef AT_PER_OPERATOR_HEADERS
#endif
