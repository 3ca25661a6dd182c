// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/zip_archive.hpp>

#include "core/zip_builder.hpp"

#include <support/catch.hpp>

using mao_test::ZipBuilder;

namespace {

mao::ZipArchive opened(const std::string& file) { return mao::ZipArchive(mao::copy_bytes(file, "some.zip")); }

std::string text(const mao::ZipArchive& archive, const std::string& name) {
  const auto content = archive.content(name);
  return {content.begin(), content.end()};
}

void check_zip_refused(const std::string& file, const std::string& reason) {
  CHECK_THROWS_AS(opened(file), mao::FormatError);
  CHECK_THROWS_WITH(opened(file), ContainsSubstring(reason) && ContainsSubstring("some.zip"));
}

void check_entry_refused(const ZipBuilder::Fields& fields, const std::string& reason) {
  ZipBuilder builder;
  builder.add("first", "abc");
  builder.add("a", "content", fields);
  check_zip_refused(builder.finished(), reason);
}

}  // namespace

TEST_CASE("stored entries are found, with padding, comment and ZIP64 fields or without") {
  for (const bool zip64 : {false, true}) {
    for (const std::string comment : {"", "a comment", "PK\x05\x06"}) {
      ZipBuilder builder;
      builder.add("folder/a", "one", {.padding = 17, .zip64 = zip64});
      builder.add("empty", "", {.zip64 = zip64});
      builder.add("b", "three", {.zip64 = zip64});
      const auto archive = opened(builder.finished(comment, zip64));
      CHECK(archive.entries().size() == 3);
      CHECK(text(archive, "folder/a") == "one");
      CHECK(text(archive, "empty").empty());
      CHECK(text(archive, "b") == "three");
    }
  }
}

TEST_CASE("compressed and encrypted entries may be there but not be read") {
  ZipBuilder builder;
  builder.add("deflated", "xyz", {.method = 8, .size_error = 20});
  builder.add("secret", "xyz", {.flags = 1});
  builder.add("plain", "xyz");
  const auto archive = opened(builder.finished());
  CHECK(text(archive, "plain") == "xyz");
  CHECK_THROWS_WITH(archive.content("deflated"), ContainsSubstring("\"deflated\" is compressed or encrypted"));
  CHECK_THROWS_WITH(archive.content("secret"), ContainsSubstring("encrypted"));
  CHECK_THROWS_WITH(archive.content("absent"), ContainsSubstring("no entry \"absent\""));
}

TEST_CASE("an empty zip file has no entries") { CHECK(opened(ZipBuilder{}.finished()).entries().empty()); }

TEST_CASE("damaged entries are refused") {
  check_entry_refused({.packed_error = 1000}, "reaches beyond the file");
  check_entry_refused({.packed_error = 0x7fffffffffff0000, .zip64 = true}, "reaches beyond the file");
  check_entry_refused({.packed_error = -8, .zip64 = true}, "reaches beyond the file");
  check_entry_refused({.size_error = 1}, "two sizes");
  check_entry_refused({.offset_error = 1}, "no local header");
  check_entry_refused({.offset_error = 1 << 30}, "no local header");
  check_entry_refused({.offset_error = -1000, .zip64 = true}, "no local header");
}

TEST_CASE("damaged directories are refused") {
  ZipBuilder builder;
  builder.add("a", "content");
  auto lying = builder;
  lying.count = 2;
  check_zip_refused(lying.finished(), "no zip directory entry");
  lying.count = ~std::uint64_t{0};
  check_zip_refused(lying.finished("", true), "no zip directory entry");
  auto shifted = builder;
  shifted.directory.insert(0, "x");
  check_zip_refused(shifted.finished(), "no zip directory entry at offset");
  auto twice = builder;
  twice.add("a", "other");
  check_zip_refused(twice.finished(), "two zip entries are named \"a\"");
  auto file = builder.finished("", true);
  file.replace(file.size() - 22 - 12, 8, std::string(8, '\xff'));
  check_zip_refused(file, "ZIP64 end record");
}

TEST_CASE("every truncation of a valid zip file is refused") {
  ZipBuilder builder;
  builder.add("a", "one", {.zip64 = true});
  builder.add("b", "two");
  const std::string file = builder.finished("", true);
  for (std::size_t length = 0; length < file.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(opened(file.substr(0, length)), mao::FormatError);
  }
}

TEST_CASE("the text of an entry is read whether it is compressed or not, up to a limit") {
  ZipBuilder builder;
  builder.add("stored", "abc");
  builder.add_deflated("deflated", "class CLIP(Module):");
  builder.add("other", "abc", {.method = 12});
  builder.add("secret", "abc", {.method = 8, .flags = 1});
  const auto archive = opened(builder.finished());
  CHECK(archive.text("stored", 100) == "abc");
  CHECK(archive.text("deflated", 100) == "class CLIP(Module):");
  CHECK_THROWS_WITH(archive.text("deflated", 18), ContainsSubstring("has 19 bytes, expected at most 18"));
  for (const char* name : {"other", "secret", "absent"}) CHECK_THROWS_AS(archive.text(name, 100), mao::FormatError);
}
