// SPDX-License-Identifier: Apache-2.0
#include <mao/mao.hpp>

const char* const* version_of_second_unit();
const char* const* version_of_second_unit() { return &mao::version; }
