// SPDX-License-Identifier: Apache-2.0
#include <mao/io/files.hpp>

#include <mao/core/error.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao_test::TemporaryFolder;

namespace {

std::size_t files_in(const TemporaryFolder& folder) {
  const auto entries = std::filesystem::directory_iterator(folder.path());
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

TEST_CASE("a mapped file holds the file's bytes, and writing to the memory leaves the file alone") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.bin", std::string_view("ab\0c", 4));
  mao::MappedFile file(path);
  CHECK(std::string(file.bytes().begin(), file.bytes().end()) == std::string("ab\0c", 4));
  file.data()[0] = 'X';
  CHECK(file.bytes()[0] == 'X');
  CHECK(mao::read_text_file(path) == std::string("ab\0c", 4));
}

TEST_CASE("mapping says which file is missing, empty or a folder") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(mao::MappedFile(folder / "absent.bin"), mao::FileError);
  CHECK_THROWS_WITH(mao::MappedFile(folder / "absent.bin"), ContainsSubstring("absent.bin"));
  CHECK_THROWS_WITH(mao::MappedFile(folder.write("void.bin", "")), ContainsSubstring("void.bin is empty"));
  CHECK_THROWS_WITH(mao::MappedFile(folder.path()), ContainsSubstring("not a regular file"));
}

TEST_CASE("reading text gives every byte and names what cannot be read") {
  const TemporaryFolder folder;
  CHECK(mao::read_text_file(folder.write("a.txt", "one\r\ntwo\n")) == "one\r\ntwo\n");
  CHECK(mao::read_text_file(folder.write("b.txt", "")).empty());
  CHECK_THROWS_AS(mao::read_text_file(folder / "absent.txt"), mao::FileError);
  CHECK_THROWS_WITH(mao::read_text_file(folder / "absent.txt"), ContainsSubstring("absent.txt"));
  CHECK_THROWS_WITH(mao::read_text_file(folder.path()), ContainsSubstring("it is a folder"));
}

TEST_CASE("an atomic write replaces the file and leaves nothing else behind") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.txt", "old");
  mao::write_file_atomically(path, [&](std::ostream& out) {
    out << "new";
    CHECK(mao::read_text_file(path) == "old");
  });
  CHECK(mao::read_text_file(path) == "new");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a failing write leaves the old file and no temporary") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.txt", "old");
  const auto fail = [](std::ostream& out) {
    out << "half";
    throw std::logic_error("interrupted");
  };
  CHECK_THROWS_AS(mao::write_file_atomically(path, fail), std::logic_error);
  CHECK_THROWS_AS(mao::write_file_atomically(path, [](std::ostream& out) { out.setstate(std::ios::failbit); }),
                  mao::FileError);
  CHECK(mao::read_text_file(path) == "old");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("writing into a missing folder or over a folder says so") {
  const TemporaryFolder folder;
  const auto nothing = [](std::ostream&) {};
  CHECK_THROWS_AS(mao::write_file_atomically(folder / "absent/a.txt", nothing), mao::FileError);
  CHECK_THROWS_WITH(mao::write_file_atomically(folder / "absent/a.txt", nothing),
                    ContainsSubstring("folder has to exist"));
  CHECK_THROWS_WITH(mao::write_file_atomically(folder.path(), nothing), ContainsSubstring("it is a folder"));
}

TEST_CASE("a device or a pipe is not replaced by a file", "[files]") {
  const TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::filesystem::create_symlink("/dev/null", folder / "link");
  for (const auto& path : {pipe, folder / "link", std::filesystem::path("/dev/null")}) {
    CHECK_THROWS_WITH(mao::write_file_atomically(path, [](std::ostream& out) { out << "text"; }),
                      ContainsSubstring("it is a device, a pipe or a socket"));
  }
  CHECK(std::filesystem::is_fifo(pipe));
}
