// SPDX-License-Identifier: Apache-2.0
#include "runs/create_once.hpp"

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("of many that create a file, one does, and nothing else is left", "[create_once]") {
  for (int round = 0; round < 50; ++round) {
    const mao_test::TemporaryFolder folder;
    std::atomic<int> winner{-1}, winners{0};
    {
      std::barrier start(6);
      std::vector<std::jthread> threads;
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          if (!mao::create_file_once(folder / "file", std::string(100, static_cast<char>('a' + i)))) return;
          winner = i;
          ++winners;
        });
      }
    }
    REQUIRE(winners == 1);
    CHECK(mao::read_text_file(folder / "file") == std::string(100, static_cast<char>('a' + winner)));
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  }
}

TEST_CASE("a file that is there stays, and a folder that is not is an error", "[create_once]") {
  const mao_test::TemporaryFolder folder;
  folder.write("file", "mine");
  CHECK_FALSE(mao::create_file_once(folder / "file", "yours"));
  CHECK(mao::read_text_file(folder / "file") == "mine");
  CHECK_THROWS_AS(mao::create_file_once(folder / "none/file", "x"), mao::FileError);
}
