// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A damaged file among many: the others are answered, and it is listed.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/data/transparency.hpp>

#include "datasets/image_damage.hpp"

namespace mao_program {

/// A file that is not a complete picture or does not exist, with the reason.
struct DamagedImage {
  std::string name;
  std::string reason;
};

/// The files that are whole pictures, in their order, and the others.
struct ReadableImages {
  std::vector<std::string> names;
  std::vector<DamagedImage> damaged;
};

/// Looks at every file, on all CPUs, as a model reads it that does this with transparency.
ReadableImages readable_images(const std::vector<std::string>& names, mao::ImageCheck check,
                               mao::Transparency transparency);

/// What standard input lists, files as they are, the images of folders and what lies below them in the order of their
/// names. Files of folders that are not read are counted on standard error. **Throws** `DataError` when there is none.
std::vector<std::string> images_of(const std::vector<std::string>& arguments);

/// Lists them on standard error. The exit status: 1 when there are any, else 0.
int report_damaged(const std::vector<DamagedImage>& damaged, std::size_t total);

/// `compute(names)` over the files that are whole; the others are left in `damaged`. What only decoding shows is found
/// when `compute` fails for it; it is then called again. Not called when no file is left.
template <class Compute>
ReadableImages with_readable_images(const std::vector<std::string>& names, mao::Transparency transparency,
                                    const Compute& compute) {
  ReadableImages images = readable_images(names, mao::ImageCheck::ends, transparency);
  while (!images.names.empty()) {
    try {
      compute(images.names);
      return images;
    } catch (const mao::Error&) {
      ReadableImages rest = readable_images(images.names, mao::ImageCheck::decode, transparency);
      if (rest.damaged.empty()) throw;  // it was about something else
      images.names = std::move(rest.names);
      images.damaged.insert(images.damaged.end(), rest.damaged.begin(), rest.damaged.end());
    }
  }
  return images;
}

}  // namespace mao_program
