// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/instruction_set.hpp>

#include <cstdlib>
#include <string_view>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

#if MAO_HAS_AVX512_KERNELS && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace mao::detail {

MAO_INLINE InstructionSet most_allowed_instruction_set() {
  const char* most = std::getenv("MAO_INSTRUCTION_SET");
  if (most == nullptr || *most == '\0') return InstructionSet::Amx;
  for (const InstructionSet set : {InstructionSet::Portable, InstructionSet::Avx512, InstructionSet::Amx}) {
    if (std::string_view(most) == name_of(set)) return set;
  }
  throw OptionError(text_of("MAO_INSTRUCTION_SET is \"", most, "\"; expected portable, avx512 or amx, or leave it unset"));
}

/// Whether the CPU multiplies tiles of bf16 and Linux lets this process do so, which it has to be asked for.
MAO_INLINE bool matrix_tiles_are_allowed() {
#if MAO_HAS_AVX512_KERNELS && defined(__linux__)
  unsigned a = 0, b = 0, c = 0, features = 0;
  constexpr unsigned bf16 = 1U << 22, tiles = 1U << 24;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &features) == 0 || (features & bf16) == 0 || (features & tiles) == 0) {
    return false;
  }
  constexpr long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

MAO_INLINE InstructionSet best_instruction_set() {
  const InstructionSet most = most_allowed_instruction_set();
#if MAO_HAS_AVX512_KERNELS
  if (most == InstructionSet::Portable) return most;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16")) {
    const bool tiles = most == InstructionSet::Amx && matrix_tiles_are_allowed();
    return tiles ? InstructionSet::Amx : InstructionSet::Avx512;
  }
#endif
  return InstructionSet::Portable;
}

MAO_INLINE std::atomic<InstructionSet>& used_instruction_set() {
  static std::atomic<InstructionSet> used{best_instruction_set()};
  return used;
}

}  // namespace mao::detail
