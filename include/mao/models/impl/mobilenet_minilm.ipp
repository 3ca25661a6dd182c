// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/mobilenet_minilm.hpp>

#include <memory>
#include <tuple>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/io/text_file.hpp>
#include <mao/models/detail/image_parts.hpp>
#include <mao/models/detail/whole_rows.hpp>
#include <mao/models/fingerprint.hpp>

namespace mao {

MAO_INLINE std::vector<std::string> read_imagenet_names(const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(read_utf8_file(path))) {
    const auto space = line.find(' ');
    require<FormatError>(space != std::string::npos && space + 1 < line.size(), path.string(), ", line ",
                         names.size() + 1, ": \"", line,
                         "\", expected an identifier, a space and a name, as in \"n01440764 tench\"");
    names.push_back(line.substr(space + 1));
  }
  return names;
}

MAO_INLINE std::filesystem::path find_imagenet_names(const std::filesystem::path& folder) {
  const std::string file = "imagenet_classnames.txt";
  const std::filesystem::path inside = folder / file, beside = folder / ".." / "text" / file;
  const bool found = std::filesystem::exists(inside) || std::filesystem::exists(beside);
  require<FileError>(found, "the names of the ImageNet classes were found neither at ", inside.string(), " nor at ",
                     beside.string(), "; put ", file,
                     " (lines \"wnid name\" in label order) into the folder of the weights");
  return std::filesystem::exists(inside) ? inside : beside;
}

MAO_INLINE MobileNetMiniLm::MobileNetMiniLm(MobileNetV2 images, MiniLm text, const std::vector<std::string>& imagenet)
    : images_(std::move(images)), text_(std::move(text)) {
  require<DataError>(static_cast<std::int64_t>(imagenet.size()) >= likeliest, "MobileNetMiniLm: ", imagenet.size(),
                     " ImageNet names, expected at least ", likeliest, " (1000 for MobileNetV2)");
  std::vector<std::string> sentences;
  for (const std::string& name : imagenet) sentences.push_back("a photo of a " + name);
  const Tensor encoded = text_.encode(sentences);
  mean_ = encoded.mean(0);
  directions_ = encoded - mean_;
  const auto empty = text_.tokenizer().encode("");
  start_ = empty.front();
  end_ = empty.back();
  fingerprint_ = images_.fingerprint() + "-" + fingerprint_of({{"directions", directions_}, {"mean", mean_}});
  if (text_.precision() != Precision::Fp32) fingerprint_ += "-" + to_string(text_.precision());
}

MAO_INLINE MobileNetMiniLm MobileNetMiniLm::load(const std::filesystem::path& weights,
                                                 const std::filesystem::path& mini_lm, Precision precision) {
  return MobileNetMiniLm(MobileNetV2::load(weights), MiniLm::load(mini_lm, precision),
                         read_imagenet_names(find_imagenet_names(weights)));
}

MAO_INLINE Tensor MobileNetMiniLm::encode_text(const TextBatch& batch) const {
  batch.check();
  const auto rows = detail::WholeRows::of(batch);
  return text_.encode_packed(rows.tokens, rows.offsets) - mean_;
}

MAO_INLINE Tensor MobileNetMiniLm::encode_image(const Tensor& pixels) const {
  const at::NoGradGuard frozen;
  constexpr std::int64_t few = 4;
  return detail::encode_in_parts(pixels, few, [&](const Tensor& part) { return describe(images_.classify(part)); });
}

MAO_INLINE Tensor MobileNetMiniLm::describe(const Tensor& logits) const {
  const std::int64_t named = directions_.size(0), background = logits.size(1) - named;
  require<DataError>(background == 0 || background == 1, "MobileNetMiniLm: the classifier has ", logits.size(1),
                     " classes, the list of ImageNet names ", named,
                     "; expected as many, or one less (the background)");
  const Tensor probabilities = at::softmax(logits.narrow(1, background, named), 1);
  const auto [weight, winner] = probabilities.topk(likeliest, 1);
  const Tensor described = directions_.index_select(0, winner.flatten()).view({winner.size(0), likeliest, -1});
  return (described * weight.unsqueeze(-1)).sum(1);
}

}  // namespace mao
