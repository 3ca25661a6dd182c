// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The numbers of images and near classes in a batch with hard negatives, for a number of base classes.

#include <cstdint>
#include <string>

namespace mao {

/// Images per batch before the negatives, and classes per image, including its own.
struct BatchShape {
  int batch = 4;
  int k = 8;
  std::string warning;  ///< that this is not 4 and 8, and why; empty if it is
};

/// A warning if the class list cannot fill a batch of this shape without repeats; otherwise empty.
std::string batch_warning(int batch, int k, std::int64_t base_classes);

/// The batch shape that fits the number of base classes (ambiguity A11).
///
/// 4 x 8 from 32 classes on, 2 x 8 from 16, else 2 x 2. **Source** MAO's supplementary: b * K may not exceed the number
/// of base classes; it uses 2 x 8 for DTD and OxfordPets and 2 x 2 for EuroSAT. The released code has no such rule.
/// **Throws** `OptionError` for fewer than two classes.
BatchShape automatic_batch(std::int64_t base_classes);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/sampling/impl/batch_shape.ipp>
#endif
