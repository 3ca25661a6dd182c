// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Calls an `ImageSource` and turns its errors into one sentence.

#include <vector>

#include <mao/core/detail/policy_call.hpp>
#include <mao/core/output.hpp>

namespace mao {

/// **Throws** `OptionError` for a reference that was made of a null pointer, `*source`.
void expect_source(const ImageSource& images, const StepPlace& place);

/// `images.size()`. **Throws** `PolicyError`, and as `expect_source`.
std::int64_t count_of(const ImageSource& images, const StepPlace& place);

/// `images.announce(batches)`. **Throws** `PolicyError`.
void announce_to(ImageSource& images, const std::vector<std::vector<View>>& batches, const StepPlace& place);

/// `images.load(views)`. **Throws** `PolicyError`, also where it gives other than one image a view.
ImageBatch load_from(ImageSource& images, const std::vector<View>& views, const StepPlace& place);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/image_calls.ipp>
#endif
