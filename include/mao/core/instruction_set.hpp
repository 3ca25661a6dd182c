// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which vector instructions the hand-written CPU kernels may use, decided when the program runs.

#include <atomic>
#include <cstdlib>
#include <string_view>

/// For functions of AVX-512 intrinsics: the compiler's own options need not allow them.
#define MAO_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))

/// Whether the kernels are compiled at all; -DMAO_HAS_AVX512_KERNELS=0 leaves them out.
#ifndef MAO_HAS_AVX512_KERNELS
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define MAO_HAS_AVX512_KERNELS 1
#else
#define MAO_HAS_AVX512_KERNELS 0
#endif
#endif

namespace mao {

/// From plain to fast.
enum class InstructionSet {
  Portable,  ///< LibTorch's operators alone
  Avx512,    ///< kernels of mao's own (needs AVX-512 F, BW, DQ, VL and BF16)
};

namespace detail {

/// Whether the environment variable MAO_INSTRUCTION_SET says `portable`, which keeps every kernel off.
inline bool kernels_are_unwanted() {
  const char* wanted = std::getenv("MAO_INSTRUCTION_SET");
  return wanted != nullptr && std::string_view(wanted) == "portable";
}

inline InstructionSet best_instruction_set() {
#if MAO_HAS_AVX512_KERNELS
  if (kernels_are_unwanted()) return InstructionSet::Portable;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16")) {
    return InstructionSet::Avx512;
  }
#endif
  return InstructionSet::Portable;
}

inline std::atomic<InstructionSet>& used_instruction_set() {
  static std::atomic<InstructionSet> used{best_instruction_set()};
  return used;
}

}  // namespace detail

/// What is used now: the best that the CPU has, unless the environment variable MAO_INSTRUCTION_SET says `portable`.
inline InstructionSet instruction_set() { return detail::used_instruction_set().load(); }

/// Uses the portable kernels while it lives, for tests and comparisons.
class PortableScope {
 public:
  PortableScope() : before_(detail::used_instruction_set().exchange(InstructionSet::Portable)) {}
  ~PortableScope() { detail::used_instruction_set() = before_; }
  PortableScope(const PortableScope&) = delete;
  PortableScope& operator=(const PortableScope&) = delete;

 private:
  InstructionSet before_;
};

}  // namespace mao
