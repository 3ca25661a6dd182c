// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which vector instructions the hand-written CPU kernels may use, decided when the program runs.

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>

#include <mao/core/error.hpp>

/// For functions of AVX-512 or AMX intrinsics: the compiler's own options need not allow them.
#define MAO_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define MAO_AMX __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))

/// Whether the kernels are compiled at all. Set by the CMake target (`MAO_AVX512_KERNELS`): it changes what classes are
/// made of, so every source of a program must agree.
#ifndef MAO_HAS_AVX512_KERNELS
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define MAO_HAS_AVX512_KERNELS 1
#else
#define MAO_HAS_AVX512_KERNELS 0
#endif
#endif

#if MAO_HAS_AVX512_KERNELS && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace mao {

/// From plain to fast.
enum class InstructionSet {
  Portable,  ///< LibTorch's operators alone
  Avx512,    ///< kernels of mao's own (needs AVX-512 F, BW, DQ, VL and BF16)
  Amx,       ///< and those of the matrix tiles (needs AMX TILE and BF16, and Linux)
};

inline const char* name_of(InstructionSet set) {
  return set == InstructionSet::Portable ? "portable" : set == InstructionSet::Avx512 ? "avx512" : "amx";
}

namespace detail {

/// The most that the environment variable MAO_INSTRUCTION_SET allows. **Throws** `OptionError` when it names none.
inline InstructionSet most_allowed_instruction_set() {
  const char* most = std::getenv("MAO_INSTRUCTION_SET");
  if (most == nullptr || *most == '\0') return InstructionSet::Amx;
  for (const InstructionSet set : {InstructionSet::Portable, InstructionSet::Avx512, InstructionSet::Amx}) {
    if (std::string_view(most) == name_of(set)) return set;
  }
  throw OptionError(text_of("MAO_INSTRUCTION_SET is \"", most, "\"; expected portable, avx512 or amx, or leave it unset"));
}

/// Whether the CPU multiplies tiles of bf16 and Linux lets this process do so, which it has to be asked for.
inline bool matrix_tiles_are_allowed() {
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

inline InstructionSet best_instruction_set() {
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

inline std::atomic<InstructionSet>& used_instruction_set() {
  static std::atomic<InstructionSet> used{best_instruction_set()};
  return used;
}

}  // namespace detail

/// What is used now: the best that the CPU has, unless the environment variable MAO_INSTRUCTION_SET limits it to
/// `portable` or `avx512`. **Throws** `OptionError` when that variable has any other value than these and `amx`.
inline InstructionSet instruction_set() { return detail::used_instruction_set().load(); }

/// Uses nothing above `most` while it lives, for tests and comparisons.
class InstructionSetScope {
 public:
  explicit InstructionSetScope(InstructionSet most) : before_(instruction_set()) {
    detail::used_instruction_set() = std::min(before_, most);
  }
  ~InstructionSetScope() { detail::used_instruction_set() = before_; }
  InstructionSetScope(const InstructionSetScope&) = delete;
  InstructionSetScope& operator=(const InstructionSetScope&) = delete;

 private:
  InstructionSet before_;
};

/// Uses the portable kernels while it lives.
class PortableScope : public InstructionSetScope {
 public:
  PortableScope() : InstructionSetScope(InstructionSet::Portable) {}
};

}  // namespace mao
