// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How many images and how many near classes make a batch with hard negatives, given the number of base classes.

#include <cstdint>
#include <string>

namespace mao {

/// Images per batch before the negatives come, and classes per image, its own included.
struct BatchShape {
  int batch = 4;
  int k = 8;
  std::string warning;  ///< why this is not 4 and 8; empty when it is
};

/// What is wrong with a batch of this shape: more than the class list can fill without repeats; empty when nothing is.
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
