// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How fast this CPU multiplies in each precision: what `--precision auto` goes by.

#include <filesystem>
#include <optional>
#include <string>

#include <mao/core/precision.hpp>

namespace mao_program {

using namespace mao;  // the program is written in the words of the library

/// Matrix products of a frozen layer, in 10^9 operations a second and core.
struct ProductSpeed {
  double fp32 = 0, bf16 = 0;

  [[nodiscard]] Precision faster() const { return bf16 > fp32 ? Precision::Bf16 : Precision::Fp32; }
};

/// Model and instruction set.
std::string cpu_description();

/// Multiplies for about 50 ms, with one thread.
ProductSpeed measure_products();

/// What `measure_products` found on this CPU before, kept in `file`, or finds now and keeps there. A file that cannot
/// be read or written costs a measurement, nothing else.
ProductSpeed product_speed(const std::filesystem::path& file);
/// The same with a file beside the kept image features (`FeatureCache::default_folder`).
ProductSpeed product_speed();

/// `bf16 is slower than fp32 on this CPU ...` when `precision` is bf16 and it is; only for models that compute on a
/// CPU.
std::optional<std::string> slow_precision_note(Precision precision, const ProductSpeed& speed);

}  // namespace mao_program
