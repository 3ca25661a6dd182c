// SPDX-License-Identifier: Apache-2.0
#include <mao/models/fingerprint.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

#include <set>

#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("a fingerprint is sixteen digits that depend on content alone", "[fingerprint]") {
  const TensorMap weights = mao::testing::random_clip_weights(mao::testing::toy_sizes(), 1);
  const std::string print = fingerprint_of(weights);
  CHECK(print.size() == 16);
  CHECK(print.find_first_not_of("0123456789abcdef") == std::string::npos);
  TensorMap copied, strided;
  for (const auto& [name, value] : weights) {
    copied[name] = value.clone();
    strided[name] = value.dim() == 2 ? value.t().contiguous().t() : value;
  }
  CHECK(fingerprint_of(copied) == print);
  CHECK(fingerprint_of(strided) == print);
  CHECK(fingerprint_of({}).size() == 16);
}

TEST_CASE("each of weight, name and shape changes the fingerprint", "[fingerprint]") {
  const TensorMap weights = mao::testing::random_clip_weights(mao::testing::toy_sizes(), 1);
  std::set<std::string> prints{fingerprint_of(weights)};
  const auto changed = [&](auto&& change) {
    TensorMap other = weights;
    change(other);
    return prints.insert(fingerprint_of(other)).second;
  };
  for (const auto& [name, value] : weights) {
    CAPTURE(name);
    CHECK(changed([&](TensorMap& w) {  // the very last number
      w[name] = value.clone();
      w[name].view(-1).select(0, value.numel() - 1).add_(1e-3);
    }));
  }
  CHECK(changed([](TensorMap& w) { w["text_projection "] = w.extract("text_projection").mapped(); }));
  CHECK(changed([](TensorMap& w) { w["text_projection"] = w["text_projection"].reshape({16, 64}); }));
  CHECK(changed([](TensorMap& w) { w["one more"] = at::zeros({0}); }));
}

TEST_CASE("pixels prepared in another way make another model, half a pixel of the crop does not", "[fingerprint]") {
  CHECK(fingerprint_suffix({}).empty());
  CHECK(fingerprint_suffix({.resolution = 336, .crop_rounds_down = true}).empty());
  CHECK(fingerprint_suffix({.resize = 224}).empty());
  std::set<std::string> suffixes;
  for (const Preprocess& each :
       {Preprocess::symmetric(224), Preprocess{.resize = 256}, Preprocess{.filter = Filter::bilinear},
        Preprocess{.mode = ResizeMode::squash}, Preprocess{.mode = ResizeMode::longest},
        Preprocess{.transparency = Transparency::white}}) {
    CHECK(fingerprint_suffix(each).starts_with("-pixels-"));
    suffixes.insert(fingerprint_suffix(each));
  }
  CHECK(suffixes.size() == 6);
}

TEST_CASE("a number in the middle of a large tensor changes the fingerprint", "[fingerprint]") {
  const Tensor large = at::zeros({64, 1024});
  Tensor other = large.clone();
  other[32][512] = 1;
  CHECK(fingerprint_of({{"visual.proj", large}}) != fingerprint_of({{"visual.proj", other}}));
}
