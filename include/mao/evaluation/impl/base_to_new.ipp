// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/evaluation/base_to_new.hpp>

#include <utility>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE void expect_images(const BaseToNewTask& task, const BaseToNewOptions& options) {
  not_null(task.base.train, "the base half's TaskHalf::train");
  not_null(task.base.test, "the base half's TaskHalf::test");
  if (options.mao_new) not_null(task.fresh.train, "the new half's TaskHalf::train");
  if (options.test_new) not_null(task.fresh.test, "the new half's TaskHalf::test");
}

}  // namespace mao::detail
