// SPDX-License-Identifier: Apache-2.0
// Image files to augmented pixels, by the thread that asks.
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <mao/data/decode.hpp>
#include <mao/data/loader.hpp>
#include <mao/core/detail/ops.hpp>

#include "bench.hpp"

namespace bench {
namespace {

class DecodeCase : public Case {
 public:
  explicit DecodeCase(const Inputs& inputs)
      : files_(inputs.photographs()),
        loader_(files_, {.preprocess = {}, .augment = {}, .threads = 0, .cache_bytes = 0}),
        pixels_(at::empty({static_cast<std::int64_t>(files_.size()), 3, 224, 224}, at::kFloat)) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      views_.push_back({.image = static_cast<std::int64_t>(i), .key = i + 1, .augment = true});
    }
  }

  void run(int repeat) override {
    for (int i = 0; i < repeat; ++i) loader_.load(views_, pixels_.mutable_data_ptr<float>());
  }

  /// The pixels, and left, top, width, height and mirrored of each view.
  [[nodiscard]] mao::TensorMap values() const override {
    std::vector<std::int64_t> boxes;
    for (const mao::View& view : views_) {
      mao::Rng rng(view.key);
      const mao::Image image = mao::read_image(files_[static_cast<std::size_t>(view.image)]);
      const mao::Box box = mao::random_crop(image.width, image.height, mao::Augment{}, rng);
      const bool mirrored = rng.uniform() < mao::Augment{}.flip;
      boxes.insert(boxes.end(), {box.left, box.top, box.width, box.height, mirrored ? 1 : 0});
    }
    return {{"features", pixels_}, {"boxes", at::tensor(boxes).view({-1, 5})}};
  }

 private:
  std::vector<std::filesystem::path> files_;
  mao::Loader loader_;
  mao::Tensor pixels_;
  std::vector<mao::View> views_;
};

}  // namespace

CasePointer decode_case(Inputs& inputs, const Request&) { return std::make_unique<DecodeCase>(inputs); }

}  // namespace bench
