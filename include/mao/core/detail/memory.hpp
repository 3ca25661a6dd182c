// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How the C library treats memory that a step frees and the next step wants again.

#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace mao {

/// Makes free memory stay with the process instead of going back to the system: a step allocates what the last one freed,
/// and pages that come back have to be cleared again, a tenth of a short step. For the whole process; call it once, early.
/// Without glibc it does nothing. False when it could not be set.
inline bool keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int never = std::numeric_limits<int>::max();
  return mallopt(M_TRIM_THRESHOLD, never) == 1 && mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1;
#else
  return false;
#endif
}

}  // namespace mao
