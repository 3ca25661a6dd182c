// SPDX-License-Identifier: Apache-2.0
// All of mao, header-only, as clang reads it.
#include <mao/mao.hpp>
#include <mao/tune.hpp>

int main() {
  const mao::CosineSchedule usual({}), same;
  return usual.epochs() - same.epochs();
}
