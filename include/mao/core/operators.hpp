// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `+ - * /` and comparisons of tensors for your own code, without all of ATen.
///
/// `<ATen/ATen.h>` also has them, with every function of ATen, but takes several times as long to compile.

#include <mao/core/detail/ops.hpp>
