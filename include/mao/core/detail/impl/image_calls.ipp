// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/image_calls.hpp>

#include <cstdint>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE void expect_source(const ImageSource& images, const StepPlace& place) {
  // Read back from memory: of a reference alone a compiler takes it that it refers to something.
  const volatile std::uintptr_t address = reinterpret_cast<std::uintptr_t>(&images);
  require<OptionError>(address != 0, place,
                       ": the image source is null; make or open it before it is given as *source");
}

MAO_INLINE std::int64_t count_of(const ImageSource& images, const StepPlace& place) {
  expect_source(images, place);
  return policy_call(
      place, "the image source's `size`", [] { return "the number of its images"; }, [&] { return images.size(); });
}

MAO_INLINE void announce_to(ImageSource& images, const std::vector<std::vector<View>>& batches,
                            const StepPlace& place) {
  policy_call(
      place, "the image source's `announce`", [] { return "a hint that is taken or ignored"; },
      [&] { images.announce(batches); });
}

MAO_INLINE ImageBatch load_from(ImageSource& images, const std::vector<View>& views, const StepPlace& place) {
  const auto expected = [&] {
    return text_of(views.size(), views.size() == 1 ? " image" : " images", ", a row for each view that was asked for");
  };
  ImageBatch batch = policy_call(place, "the image source's `load`", expected, [&] { return images.load(views); });
  require<PolicyError>(batch.pixels.defined() || batch.features.defined(), place,
                       ": the image source's `load` gave neither pixels nor features, expected ", expected());
  const auto check = [&](const Tensor& rows, const char* what) {
    require<PolicyError>(
        !rows.defined() || (rows.dim() >= 2 && rows.size(0) == static_cast<std::int64_t>(views.size())), place,
        ": the image source's `load` gave ", what, " of shape ", rows.defined() ? shape_text(rows.sizes()) : "",
        ", expected ", expected());
  };
  check(batch.pixels, "pixels");
  check(batch.features, "features");
  return batch;
}

}  // namespace mao
