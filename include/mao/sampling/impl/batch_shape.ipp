// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/sampling/batch_shape.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::string batch_warning(int batch, int k, std::int64_t base_classes) {
  const auto needed = static_cast<std::int64_t>(batch) * k;
  if (needed <= base_classes) return {};
  return text_of(
      "batch = ", batch, " and k = ", k, " ask for up to ", needed, " classes per batch, but there are only ",
      base_classes,
      ": batches have fewer images, and choosing the hard negatives among the classes makes little difference");
}

MAO_INLINE BatchShape automatic_batch(std::int64_t base_classes) {
  require<OptionError>(base_classes >= 2, "MAO's base stage has ", base_classes,
                       base_classes == 1 ? " base class" : " base classes",
                       " to train on, expected at least 2: a hard negative is an image of another class");
  if (base_classes >= 32) return {};
  BatchShape shape{.batch = 2, .k = base_classes >= 16 ? 8 : 2, .warning = {}};
  shape.warning =
      text_of("with ", base_classes, " base classes, a batch of MAO's base stage has ", shape.batch, " x ", shape.k,
              " images: ", shape.batch, " drawn at random, each with images of ", shape.k - 1,
              shape.k == 2 ? " similar class" : " similar classes", " (the paper uses 4 x 8 for 32 or more classes)");
  if (const auto more = batch_warning(shape.batch, shape.k, base_classes); !more.empty()) shape.warning += "; " + more;
  return shape;
}

}  // namespace mao
