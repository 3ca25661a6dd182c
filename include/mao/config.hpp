// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How mao is compiled: bodies with the headers (the default), or once, in the library `mao::compiled`.

/// What definitions in `impl/` begin with.
#if defined(MAO_SEPARATE_COMPILATION)
#define MAO_INLINE
#else
#define MAO_INLINE inline
#endif
