// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The two halves of a data set for base-to-new generalisation.

#include <cstdint>
#include <mao/data/dataset.hpp>

namespace mao {

namespace detail {

std::int64_t base_count(const Dataset& dataset);

}  // namespace detail

/// The classes [first, last) of a data set, relabelled from 0.
Dataset class_range(const Dataset& dataset, std::int64_t first, std::int64_t last);

/// The first ceil(C / 2) classes, which are used for training. **Throws** `DataError` for fewer than two classes.
/// **Source** CoOp, `subsample_classes`.
inline Dataset base_half(const Dataset& dataset) { return class_range(dataset, 0, detail::base_count(dataset)); }

/// The remaining classes, relabelled from 0. **Throws** `DataError` for fewer than two classes.
inline Dataset new_half(const Dataset& dataset) {
  return class_range(dataset, detail::base_count(dataset), dataset.classes.size());
}

/// Both halves.
struct BaseNew {
  Dataset base;
  Dataset fresh;
};

/// Both halves. Draw few-shot images first, from all classes, as the published runs do. **Throws** as `base_half`.
inline BaseNew split_base_new(const Dataset& dataset) { return {base_half(dataset), new_half(dataset)}; }

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/base_new.ipp>
#endif
