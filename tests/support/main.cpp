// SPDX-License-Identifier: Apache-2.0
// The one Catch2 main of all test programs.
#define CATCH_CONFIG_MAIN
#include <support/catch.hpp>
