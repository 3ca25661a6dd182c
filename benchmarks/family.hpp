// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A checkpoint of any family that Coop runs over, as its own type: for the benchmarks beside other libraries.

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>

#include <mao/core/class_list.hpp>
#include <mao/core/precision.hpp>
#include <mao/io/files.hpp>
#include <mao/models/bert_clip.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/resnet_clip.hpp>
#include <mao/models/siglip.hpp>

namespace bench {

/// A class name on each line.
inline mao::ClassList names_in(const std::filesystem::path& path) {
  mao::ClassList classes;
  std::istringstream lines(mao::read_text_file(path));
  for (std::string line; std::getline(lines, line);) classes.names.push_back(line);
  return classes;
}

/// `use(model)` with a `Siglip`, `BertClip`, `ResNetClip` or `Clip`. `vocabulary`: CLIP's merges, where they do not lie
/// beside it.
template <class UseT>
auto with_model(const std::filesystem::path& path, const std::filesystem::path& vocabulary, mao::Precision precision,
                const UseT& use) {
  mao::ClipWeights weights = mao::read_clip_weights(path);
  if (!weights.pieces.empty()) {
    return use(mao::Siglip(mao::SiglipParts::of(std::move(weights), path), precision));
  }
  if (weights.form.text_bert) {
    return use(mao::BertClip(mao::BertClipParts::of(std::move(weights), path), precision));
  }
  const bool resnet = weights.sizes.is_resnet();
  mao::ClipParts parts = mao::ClipParts::of(std::move(weights), path, {.vocabulary = vocabulary, .activation = {}});
  return resnet ? use(mao::ResNetClip(std::move(parts), precision)) : use(mao::Clip(std::move(parts), precision));
}

}  // namespace bench
