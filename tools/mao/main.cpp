// SPDX-License-Identifier: Apache-2.0
// The program `mao`, with what mao brings.
#include "program.hpp"

int main(int argc, char** argv) { return mao::tool::run(argc, argv); }
