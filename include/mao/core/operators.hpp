// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `+ - * /` and comparisons of tensors for code of your own, without all of ATen.
///
/// `<ATen/ATen.h>` has them too, with every function of ATen, and takes several times as long to compile.

#include <mao/core/detail/ops.hpp>
