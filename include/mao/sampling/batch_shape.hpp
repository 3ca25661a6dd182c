// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How many images and how many near classes make a batch with hard negatives, given the number of base classes.

#include <cstdint>
#include <mao/core/error.hpp>
#include <string>

namespace mao {

/// Images per batch before the negatives come, and classes per image, its own included.
struct BatchShape {
  int batch = 4;
  int k = 8;
  std::string warning;  ///< why this is not 4 and 8; empty when it is
};

/// What is wrong with a batch of this shape: more than the class list can fill without repeats; empty when nothing is.
inline std::string batch_warning(int batch, int k, std::int64_t base_classes) {
  const auto needed = static_cast<std::int64_t>(batch) * k;
  if (needed <= base_classes) return {};
  return text_of("batch = ", batch, " and k = ", k, " ask for up to ", needed,
                 " classes per batch, but there are only ", base_classes,
                 ": batches will be shorter and the loss comes close to one over all classes");
}

/// The batch shape that fits the number of base classes (ambiguity A11).
///
/// 4 x 8 from 32 classes on, 2 x 8 from 16, else 2 x 2. **Source** MAO's supplementary: b * K may not exceed the number
/// of base classes; it uses 2 x 8 for DTD and OxfordPets and 2 x 2 for EuroSAT. The released code has no such rule.
/// **Throws** `OptionError` for fewer than two classes.
inline BatchShape automatic_batch(std::int64_t base_classes) {
  require<OptionError>(base_classes >= 2, "automatic_batch: ", base_classes,
                       " base classes, expected at least 2; a class has no negatives alone");
  if (base_classes >= 32) return {};
  BatchShape shape{.batch = 2, .k = base_classes >= 16 ? 8 : 2, .warning = {}};
  shape.warning = text_of(base_classes, " base classes are fewer than 4 x 8 = 32: batch = ", shape.batch,
                          " and k = ", shape.k, " are used instead of 4 and 8");
  if (const auto more = batch_warning(shape.batch, shape.k, base_classes); !more.empty()) shape.warning += "; " + more;
  return shape;
}

}  // namespace mao
