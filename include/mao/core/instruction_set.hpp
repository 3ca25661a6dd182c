// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The vector instructions that the hand-written CPU kernels may use, decided at run time.

#include <algorithm>
#include <atomic>

/// For functions with AVX-512 or AMX intrinsics, so that the compiler's options need not allow them.
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
#endif

namespace mao {

/// From plain to fast.
enum class InstructionSet {
  Portable,  ///< only LibTorch's operators
  Avx512,    ///< also mao's own kernels (needs AVX-512 F, BW, DQ, VL and BF16)
  Amx,       ///< also the kernels on matrix tiles (needs AMX TILE and BF16, and Linux)
};

inline const char* name_of(InstructionSet set) {
  return set == InstructionSet::Portable ? "portable" : set == InstructionSet::Avx512 ? "avx512" : "amx";
}

namespace detail {

/// The limit in the environment variable MAO_INSTRUCTION_SET. **Throws** `OptionError` if its value is not known.
InstructionSet most_allowed_instruction_set();

InstructionSet best_instruction_set();

std::atomic<InstructionSet>& used_instruction_set();

}  // namespace detail

/// The instruction set in use: the best one of the CPU, unless the environment variable MAO_INSTRUCTION_SET limits it
/// to `portable` or `avx512`. **Throws** `OptionError` if that variable has any other value than these and `amx`.
inline InstructionSet instruction_set() { return detail::used_instruction_set().load(); }

/// Uses nothing above `most` during its lifetime, for tests and comparisons.
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

/// Uses the portable kernels during its lifetime.
class PortableScope : public InstructionSetScope {
 public:
  PortableScope() : InstructionSetScope(InstructionSet::Portable) {}
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/instruction_set.ipp>
#endif
