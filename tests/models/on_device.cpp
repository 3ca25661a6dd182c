// SPDX-License-Identifier: Apache-2.0
#include <mao/models/on_device.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/tensor.h>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// Remembers where its inputs were.
struct Spy {
  std::shared_ptr<std::string> seen = std::make_shared<std::string>();

  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string&) const { return {1}; }
  [[nodiscard]] std::int64_t start_token() const { return 0; }
  [[nodiscard]] std::int64_t end_token() const { return 2; }
  [[nodiscard]] std::int64_t context_length() const { return 3; }
  [[nodiscard]] Tensor embed(const Tensor& ids) const { return noted(ids); }
  [[nodiscard]] Tensor encode_text(const TextBatch& batch) const { return noted(batch.prefix), noted(batch.suffix); }
  [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts) const {
    return noted(prompts.at(0).replacement), noted(batch.suffix);
  }
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const { return noted(pixels); }
  [[nodiscard]] Tensor encode_image(const Tensor&, const ImagePrompts& prompts) const { return noted(prompts.tokens); }
  [[nodiscard]] TowerSizes towers() const { return {}; }
  [[nodiscard]] double logit_scale() const { return 1; }
  [[nodiscard]] Preprocess preprocess() const { return {}; }
  [[nodiscard]] std::string fingerprint() const { return "spy"; }

  Tensor noted(const Tensor& tensor) const {
    *seen += tensor.device().str() + " ";
    return tensor;
  }
};

}  // namespace

TEST_CASE("a model on a device gets all its inputs there") {
  const Spy spy;
  const cuda::OnDevice<Spy> model(spy, c10::Device(at::kMeta));
  STATIC_REQUIRE(PromptedTowers<cuda::OnDevice<Spy>>);
  const Tensor here = at::tensor({1.0F});
  static_cast<void>(model.embed(here));
  static_cast<void>(model.encode_text({.prefix = here, .suffix = here, .offsets = {}, .group = {}}));
  static_cast<void>(model.encode_text({.prefix = here, .suffix = here, .offsets = {}, .group = {}},
                                      {{.replacement = here, .attended = {}}}));
  static_cast<void>(model.encode_image(here));
  static_cast<void>(model.encode_image(here, {.tokens = here, .deep = {}}));
  CHECK(*spy.seen == "meta meta meta meta meta meta meta ");
  CHECK(model.fingerprint() == "spy");
}

TEST_CASE("parameters are moved in place") {
  const Tensor held = parameter(at::tensor({1.0F, 2.0F}));
  const Tensor same = held;
  cuda::move_parameters({{"held", held}}, at::kCPU);
  CHECK(held.is_same(same));
  CHECK(held.requires_grad());
  const TensorMap there = cuda::moved({{"weight", held.detach()}}, c10::Device(at::kMeta));
  CHECK(there.at("weight").is_meta());
  CHECK(there.at("weight").sizes() == held.sizes());
}
