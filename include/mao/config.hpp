// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How mao is compiled: with the headers (the default), or once, in the library `mao::compiled`.

/// The prefix of definitions in `impl/`.
#if defined(MAO_SEPARATE_COMPILATION)
#define MAO_INLINE
#else
#define MAO_INLINE inline
#endif
