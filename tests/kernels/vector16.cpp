// SPDX-License-Identifier: Apache-2.0
#include <mao/kernels/cpu/vector16.hpp>

#include <cmath>
#include <vector>

#include <support/catch.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace {

namespace v16 = mao::detail::v16;

MAO_AVX512 void apply_sigmoids(const float* from, float* exact, float* rough) {
  v16::store(exact, v16::sigmoid<float>(v16::load(from)));
  v16::store(rough, v16::sigmoid<c10::BFloat16>(v16::load(from)));
}

MAO_AVX512 void apply_powers(const float* from, float* exact, float* rough) {
  v16::store(exact, v16::two_to<float>(v16::load(from)));
  v16::store(rough, v16::two_to<c10::BFloat16>(v16::load(from)));
}

MAO_AVX512 void apply(const float* from, float* exponential, float* inverse, float* rounded) {
  v16::store(exponential, v16::exp(v16::load(from)));
  v16::store(inverse, v16::inverse(v16::load(from)));
  c10::BFloat16 half[16];
  v16::store(half, v16::load(from));
  v16::store(rounded, v16::load(half));
}

}  // namespace

TEST_CASE("sixteen exponentials, inverses and roundings are those of the library", "[vector16]") {
  if (mao::instruction_set() == mao::InstructionSet::Portable) return;
  std::vector<float> x(16), exponential(16), inverse(16), rounded(16);
  for (int i = 0; i < 40000; i += 16) {
    for (int j = 0; j < 16; ++j)
      x[static_cast<std::size_t>(j)] = static_cast<float>(i + j) * 0.0042F - 84.0F + 0.00013F;
    apply(x.data(), exponential.data(), inverse.data(), rounded.data());
    for (std::size_t j = 0; j < 16; ++j) {
      REQUIRE(std::abs(exponential[j] / std::exp(static_cast<double>(x[j])) - 1) < 3e-7);
      REQUIRE(std::abs(inverse[j] * static_cast<double>(x[j]) - 1) < 3e-7);
      REQUIRE(rounded[j] == static_cast<float>(c10::BFloat16(x[j])));
    }
  }
}

TEST_CASE("powers of two are as exact as what they are stored in, and nothing far below zero", "[vector16]") {
  if (mao::instruction_set() == mao::InstructionSet::Portable) return;
  std::vector<float> x(16), exact(16), rough(16);
  for (int i = 0; i < 40000; i += 16) {
    for (int j = 0; j < 16; ++j) x[static_cast<std::size_t>(j)] = static_cast<float>(i + j) * 0.006F - 120.0F;
    apply_powers(x.data(), exact.data(), rough.data());
    for (std::size_t j = 0; j < 16; ++j) {
      const double expected = std::exp2(static_cast<double>(x[j]));
      REQUIRE(std::abs(exact[j] / expected - 1) < 3e-7);
      REQUIRE(std::abs(rough[j] / expected - 1) < 1.5e-4);
    }
  }
  for (const float far : {-300.0F, -1e4F, -3e38F}) {
    apply_powers(std::vector<float>(16, far).data(), exact.data(), rough.data());
    CHECK((exact[0] == 0.0F && rough[0] == 0.0F));
  }
}

TEST_CASE("sigmoids are as exact as what they are stored in, and saturate", "[vector16]") {
  if (mao::instruction_set() == mao::InstructionSet::Portable) return;
  std::vector<float> x(16), exact(16), rough(16);
  for (int i = 0; i < 40000; i += 16) {
    for (int j = 0; j < 16; ++j) x[static_cast<std::size_t>(j)] = static_cast<float>(i + j) * 0.001F - 20.0F;
    apply_sigmoids(x.data(), exact.data(), rough.data());
    for (std::size_t j = 0; j < 16; ++j) {
      const double expected = 1.0 / (1.0 + std::exp(-static_cast<double>(x[j])));
      REQUIRE(std::abs(exact[j] / expected - 1) < 2e-6);  // at -20 the exponent itself is off by 1e-6
      REQUIRE(std::abs(rough[j] / expected - 1) < 2e-4);
    }
  }
  for (const float far : {100.0F, 1e4F, 1e30F}) {
    apply_sigmoids(std::vector<float>(16, far).data(), exact.data(), rough.data());
    CHECK((exact[0] == 1.0F && std::abs(rough[0] - 1.0F) < 2e-4F));
    apply_sigmoids(std::vector<float>(16, -far).data(), exact.data(), rough.data());
    CHECK((exact[0] >= 0.0F && exact[0] < 1e-37F && rough[0] >= 0.0F && rough[0] < 1e-37F));
  }
}

#endif
