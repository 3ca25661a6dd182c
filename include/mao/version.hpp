// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The one place of the version; CMake reads it.

#define MAO_VERSION_MAJOR 0
#define MAO_VERSION_MINOR 1
#define MAO_VERSION_PATCH 0

namespace mao {
inline constexpr const char* version = "0.1.0";
}  // namespace mao
