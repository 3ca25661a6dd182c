// SPDX-License-Identifier: Apache-2.0
#include <mao/parallel/launch.hpp>

#include <map>

#include <support/catch.hpp>

using namespace mao;

namespace {

Launch launch_in(std::map<std::string, std::string> variables) {
  return launch_of([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

}  // namespace

TEST_CASE("a process that nobody launched is alone, and so is a batch script of Slurm by itself", "[launch]") {
  CHECK(launch_in({}).count == 1);
  CHECK(launch_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "7"}}).count == 1);
  CHECK(launch_in({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).count == 1);
}

TEST_CASE("torchrun's variables, which may be set by hand", "[launch]") {
  const Launch launch = launch_in({{"RANK", "3"},
                                   {"WORLD_SIZE", "4"},
                                   {"LOCAL_RANK", "1"},
                                   {"LOCAL_WORLD_SIZE", "2"},
                                   {"MASTER_ADDR", "node1"},
                                   {"MASTER_PORT", "1234"},
                                   {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                   {"TORCHELASTIC_RESTART_COUNT", "2"},
                                   {"SLURM_PROCID", "0"}});
  CHECK(launch.rank == 3);
  CHECK(launch.count == 4);
  CHECK(launch.local_rank == 1);
  CHECK(launch.local_count == 2);
  CHECK(launch.host == "node1");
  CHECK(launch.port == 1234);
  CHECK(launch.launcher_listens);
  CHECK(launch.restarts == 2);
  CHECK_THROWS_WITH(launch_in({{"RANK", "0"}, {"WORLD_SIZE", "2"}}),
                    ContainsSubstring("set MASTER_ADDR and MASTER_PORT"));
  CHECK_THROWS_WITH(launch_in({{"RANK", "0"}}), ContainsSubstring("no WORLD_SIZE"));
  CHECK_THROWS_WITH(launch_in({{"RANK", "x"}, {"WORLD_SIZE", "2"}}), ContainsSubstring("RANK = \"x\""));
  CHECK_THROWS_WITH(launch_in({{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}),
                    ContainsSubstring("process 2 of 2"));
}

TEST_CASE("Open MPI's and Slurm's variables; on one machine the address is known", "[launch]") {
  std::map<std::string, std::string> mpi{{"OMPI_COMM_WORLD_RANK", "1"},
                                         {"OMPI_COMM_WORLD_SIZE", "2"},
                                         {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  CHECK(launch_in(mpi).host == "127.0.0.1");
  CHECK(launch_in(mpi).local_rank == 1);
  mpi["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  CHECK_THROWS_WITH(launch_in(mpi), ContainsSubstring("mpirun -x MASTER_ADDR=HOST"));
  mpi["MASTER_ADDR"] = "node1";
  CHECK(launch_in(mpi).host == "node1");

  std::map<std::string, std::string> slurm{{"SLURM_STEP_ID", "0"},
                                           {"SLURM_PROCID", "2"},
                                           {"SLURM_STEP_NUM_TASKS", "3"},
                                           {"SLURM_STEP_NUM_NODES", "1"},
                                           {"SLURM_LOCALID", "2"}};
  CHECK(launch_in(slurm).host == "127.0.0.1");
  CHECK(launch_in(slurm).rank == 2);
  CHECK(launch_in(slurm).count == 3);
  slurm["SLURM_STEP_NUM_NODES"] = "3";
  CHECK_THROWS_WITH(launch_in(slurm), ContainsSubstring("scontrol show hostnames"));
}
