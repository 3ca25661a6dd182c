// SPDX-License-Identifier: Apache-2.0
#pragma once
// Catch2 v2 and v3 under one include.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
inline auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
#endif

// Skips the rest of a test case with a message, in both versions.
#define MAO_SKIP_UNLESS(condition, message) \
  if (!(condition)) {                       \
    WARN("skipped: " << (message));         \
    return;                                 \
  }
