// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The small SigLIP that comes with mao, and the place of its files.

#include <filesystem>
#include <memory>

#include <mao/embedded/detail/share_folder.hpp>
#include <mao/models/siglip.hpp>

namespace mao::embedded {

/// The folder with the embedded SigLIP, `embedded-siglip`, which is looked for where `model_folder()` looks for
/// `embedded`. **Throws** `FileError` if there is none.
inline std::filesystem::path siglip_folder() { return detail::share_folder("embedded-siglip"); }

/// The small SigLIP that comes with mao: an image tower of 4 blocks and attention pooling, a text tower of 3 blocks,
/// images of 48 x 48 pixels, 32 tokens, trained on the same pictures as the CLIP.
inline std::shared_ptr<const Siglip> siglip(const std::filesystem::path& folder = siglip_folder()) {
  return std::make_shared<const Siglip>(Siglip::load(folder));
}

}  // namespace mao::embedded
