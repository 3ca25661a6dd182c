// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/parallel/launch.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace mao

namespace mao::detail {

/// Reads numbers and says which variable is wrong.
struct EnvironmentReader {
  const Environment& environment;

  [[nodiscard]] bool has(const char* name) const { return environment(name).has_value(); }

  [[nodiscard]] int number(const char* name, std::optional<int> otherwise = {}) const {
    const auto text = environment(name);
    require<OptionError>(
        text || otherwise, "the environment has no ", name,
        ", which the other variables of its launcher come with; start all processes with one launcher");
    if (!text) return *otherwise;
    int value = 0;
    const char* end = text->data() + text->size();
    const auto [parsed, error] = std::from_chars(text->data(), end, value);
    require<OptionError>(error == std::errc() && parsed == end && value >= 0, "the environment has ", name, " = \"",
                         *text, "\", expected a number, 0 or above");
    return value;
  }
};

/// Where process 0 is; without MASTER_ADDR only known when all are on `one_machine`.
MAO_INLINE void find_meeting_place(const EnvironmentReader& reader, bool one_machine, std::string_view how,
                                   Launch& launch) {
  launch.port = reader.number("MASTER_PORT", launch.port);
  if (const auto host = reader.environment("MASTER_ADDR")) {
    launch.host = *host;
  } else {
    require<OptionError>(one_machine, launch.launcher, " started ", launch.count,
                         " processes on several machines and nothing says where process 0 is; set MASTER_ADDR", how);
    launch.host = "127.0.0.1";
  }
}

MAO_INLINE Launch launched_by_mpi(const EnvironmentReader& reader) {
  Launch launch{.rank = reader.number("OMPI_COMM_WORLD_RANK"),
                .count = reader.number("OMPI_COMM_WORLD_SIZE"),
                .local_rank = reader.number("OMPI_COMM_WORLD_LOCAL_RANK", 0),
                .local_count = reader.number("OMPI_COMM_WORLD_LOCAL_SIZE", 1),
                .host = {},
                .launcher = "mpirun"};
  find_meeting_place(reader, launch.local_count == launch.count, ", for example mpirun -x MASTER_ADDR=HOST", launch);
  return launch;
}

MAO_INLINE Launch launched_by_slurm(const EnvironmentReader& reader) {
  Launch launch{.rank = reader.number("SLURM_PROCID"),
                .count = reader.number("SLURM_STEP_NUM_TASKS"),
                .local_rank = reader.number("SLURM_LOCALID", 0),
                .host = {},
                .launcher = "srun"};
  find_meeting_place(reader, reader.number("SLURM_STEP_NUM_NODES", 0) == 1,
                     "=$(scontrol show hostnames $SLURM_JOB_NODELIST | head -1) before srun", launch);
  return launch;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Launch launch_of(const Environment& environment) {
  const detail::EnvironmentReader reader{environment};
  Launch launch;
  if (reader.has("WORLD_SIZE") || reader.has("RANK")) {
    launch = {.rank = reader.number("RANK"), .count = reader.number("WORLD_SIZE"), .host = {}, .launcher = "torchrun"};
    launch.local_rank = reader.number("LOCAL_RANK", 0);
    launch.local_count = reader.number("LOCAL_WORLD_SIZE", 1);
    launch.launcher_listens = environment("TORCHELASTIC_USE_AGENT_STORE") == "True";
    launch.restarts = reader.number("TORCHELASTIC_RESTART_COUNT", 0);
    if (launch.count > 1) {
      detail::find_meeting_place(reader, false, " and MASTER_PORT, as torchrun does", launch);
    }
  } else if (reader.has("OMPI_COMM_WORLD_SIZE")) {
    launch = detail::launched_by_mpi(reader);
  } else if (reader.has("SLURM_STEP_ID") && reader.has("SLURM_STEP_NUM_TASKS")) {
    if (reader.number("SLURM_STEP_NUM_TASKS") > 1) launch = detail::launched_by_slurm(reader);
  }
  require<OptionError>(launch.count >= 1 && launch.rank < launch.count, launch.launcher, " says that this is process ",
                       launch.rank, " of ", launch.count, "; processes count from 0");
  return launch;
}

}  // namespace mao
