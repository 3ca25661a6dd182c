// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One run of training: a method on few shots of a data set, for some seeds, tested on base and new classes.

#include <memory>

#include "tune/settings.hpp"

namespace mao {
class Workers;
}

namespace mao_program {

/// Trains and tests, continuing with what is in the run's folder already.
///
/// Processes that train together share `workers` (workers.hpp); the first one prints. 0; 130 when it was stopped by a
/// signal: the same call continues from the last complete epoch. **Throws** `Error`.
int run_tune(const RunSettings& settings, const RunOptions& options, const std::shared_ptr<Workers>& workers = nullptr);

}  // namespace mao_program
