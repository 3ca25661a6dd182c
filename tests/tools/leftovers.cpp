// SPDX-License-Identifier: Apache-2.0
#include "runs/leftovers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("temporary files of processes that are gone are removed, nothing else", "[leftovers]") {
  const mao_test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "seed1");
  const pid_t killed = ::fork();
  if (killed == 0) {  // dies while it writes
    mao::write_file_atomically(folder / "seed1/prompts", [](std::ostream& out) {
      out << "half" << std::flush;
      ::raise(SIGKILL);
    });
  }
  ::waitpid(killed, nullptr, 0);
  const std::string mine = "results.json.tmp-" + std::to_string(::getpid()) + "-0";
  for (const std::string& name :
       {mine, std::string("a.tmp-x"), std::string("notes.tmp-12-b"), std::string("tmp-1-1")}) {
    folder.write(name, "kept");
  }
  CHECK_FALSE(std::filesystem::is_empty(folder / "seed1"));
  CHECK(mao::remove_leftovers(folder.path()) == 1);
  CHECK(std::filesystem::is_empty(folder / "seed1"));
  CHECK(std::filesystem::exists(folder / mine));
  CHECK(std::filesystem::exists(folder / "a.tmp-x"));
  CHECK(std::filesystem::exists(folder / "notes.tmp-12-b"));
  CHECK(std::filesystem::exists(folder / "tmp-1-1"));
  CHECK(mao::remove_leftovers(folder / "no such folder") == 0);
}
