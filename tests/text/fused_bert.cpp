// SPDX-License-Identifier: Apache-2.0
// The kernels' pass and the formulas', and what bf16 costs.
#include <mao/io/safetensors.hpp>
#include <mao/text/detail/fused_bert.hpp>
#include <mao/prompts/phrase.hpp>
#include <mao/text/mini_lm.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/randn.h>

#include <cmath>
#include <fstream>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

const std::vector<std::int64_t> cuts{0, 3, 4, 20, 37, 42};

/// Random weights: 2 layers of 2 heads of 32 features.
void write_random_model(const std::filesystem::path& folder) {
  const std::int64_t width = 64, wide = 256;
  std::ofstream(folder / "vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\n";
  TensorMap tensors{{"embeddings.word_embeddings.weight", at::randn({6, width})},
                    {"embeddings.position_embeddings.weight", at::randn({20, width})},
                    {"embeddings.token_type_embeddings.weight", at::randn({2, width})}};
  const auto affine = [&](const std::string& name, at::IntArrayRef shape) {
    tensors[name + ".weight"] = at::randn(shape) / std::sqrt(static_cast<double>(shape.back()));
    tensors[name + ".bias"] = at::randn({shape.front()}) * 0.1;
  };
  const auto norm = [&](const std::string& name) {
    tensors[name + ".weight"] = at::randn({width}) * 0.1 + 1;
    tensors[name + ".bias"] = at::randn({width}) * 0.1;
  };
  norm("embeddings.LayerNorm");
  for (const std::string layer : {"encoder.layer.0.", "encoder.layer.1."}) {
    for (const char* part : {"query", "key", "value"}) affine(layer + "attention.self." + part, {width, width});
    affine(layer + "attention.output.dense", {width, width});
    norm(layer + "attention.output.LayerNorm");
    affine(layer + "intermediate.dense", {wide, width});
    affine(layer + "output.dense", {width, wide});
    norm(layer + "output.LayerNorm");
  }
  write_safetensors(folder / "model.safetensors", tensors);
}

struct Differentiated {
  Tensor features, gradient;
};

Differentiated differentiate(const MiniLm& model, const Tensor& words, const Tensor& direction) {
  const Tensor start = parameter(words.clone());
  const Tensor features = model.encode_packed(start, cuts);
  (features * direction).sum().backward();
  return {features.detach(), start.grad()};
}

double cosine(const Tensor& a, const Tensor& b) { return (a.mul(b).sum() / (a.norm() * b.norm())).item<double>(); }

void check_precisions(const std::filesystem::path& folder) {
  const MiniLm exact = MiniLm::load(folder), half = MiniLm::load(folder, Precision::Bf16);
  CHECK(half.precision() == Precision::Bf16);
  const Tensor words = normal_tensor({cuts.back(), exact.width()}, 0.1, Rng(1)),
               direction = normal_tensor({5, exact.width()}, 1.0, Rng(2));
  const Differentiated expected = differentiate(exact, words, direction), fast = differentiate(half, words, direction);
  const PortableScope portable;
  const Differentiated formulas = differentiate(exact, words, direction), plain = differentiate(half, words, direction);
  CHECK(relative_difference(expected.features, formulas.features) < 1e-5);
  CHECK((expected.gradient - formulas.gradient).norm().item<double>() < 1e-5 * formulas.gradient.norm().item<double>());
  for (const Differentiated& found : {fast, plain}) {
    CHECK((found.features - formulas.features).norm().item<double>() <
          1.5e-2 * formulas.features.norm().item<double>());
    CHECK_FALSE(found.features.equal(formulas.features));
    CHECK(cosine(found.gradient, formulas.gradient) > 0.999);
  }
}

}  // namespace

TEST_CASE("kernels and formulas agree in fp32, and bf16 is within its bounds, on random weights") {
  const mao_test::TemporaryFolder folder;
  write_random_model(folder.path());
  check_precisions(folder.path());
}

TEST_CASE("kernels and formulas agree in fp32, and bf16 is within its bounds, on MiniLM") {
  std::filesystem::path folder;
  try {
    folder = find_mini_lm({});
  } catch (const FileError&) {
    MAO_SKIP_UNLESS(false, "MiniLM is not on this machine");
  }
  check_precisions(folder);
}

#if MAO_HAS_AVX512_KERNELS

TEST_CASE("parts of packed rows begin and end at rows, and a row is never cut") {
  CHECK(detail::cut_rows({0, 5}, 2) == std::vector<std::size_t>{0, 1});
  CHECK(detail::cut_rows({0, 2, 4, 6, 8}, 4) == std::vector<std::size_t>{0, 2, 4});
  CHECK(detail::cut_rows({0, 1, 2, 12}, 3) == std::vector<std::size_t>{0, 3});
}

TEST_CASE("a pass in parts gives the values and gradients of one pass") {
  const mao_test::TemporaryFolder folder;
  write_random_model(folder.path());
  const MiniLm model = MiniLm::load(folder.path());
  std::vector<std::int64_t> offsets{0};
  for (std::int64_t row = 0; row < 300; ++row) offsets.push_back(offsets.back() + 1 + row % 9);
  const Tensor words = at::randn({offsets.back(), 64}) * 0.1, direction = at::randn({300, 64});
  const auto run = [&] {
    const Tensor start = parameter(words.clone());
    (model.encode_packed(start, offsets) * direction).sum().backward();
    return start.grad();
  };
  const Tensor fast = run();
  const PortableScope portable;
  CHECK(relative_difference(fast, run()) < 1e-5);
}

#endif
