// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/zip_writer.hpp>
#include <mao/io/detail/zip_archive.hpp>

#include <sstream>

#include <support/catch.hpp>

using namespace std::string_view_literals;

namespace {

std::string_view content_of(const mao::ZipArchive& archive, const std::string& name) {
  const auto bytes = archive.content(name);
  return {bytes.data(), bytes.size()};
}

}  // namespace

TEST_CASE("zip entries come back and start where they were asked to") {
  for (const std::size_t alignment : {1, 2, 8, 64, 4096}) {
    std::ostringstream out;
    mao::ZipWriter writer(out, "some.zip");
    const std::string large(10'000, 'x');
    writer.add("first", "hello"sv);
    writer.add("a/second", large, alignment);
    writer.add("a/empty", ""sv, alignment);
    writer.add("last", "\0\n"sv, alignment);
    writer.finish();
    const mao::ZipArchive archive(mao::copy_bytes(out.str(), "some.zip"));
    CHECK(archive.entries().size() == 4);
    CHECK(content_of(archive, "first") == "hello");
    CHECK(content_of(archive, "a/second") == large);
    CHECK(content_of(archive, "a/empty").empty());
    CHECK(content_of(archive, "last") == "\0\n"sv);
    for (const char* name : {"a/second", "a/empty", "last"}) CHECK(archive.entry(name).offset % alignment == 0);
  }
}

TEST_CASE("a zip file without entries is one") {
  std::ostringstream out;
  mao::ZipWriter writer(out, "some.zip");
  writer.finish();
  CHECK(mao::ZipArchive(mao::copy_bytes(out.str(), "some.zip")).entries().empty());
}

TEST_CASE("a zip file with too many entries is refused before it is wrong") {
  std::ostringstream out;
  mao::ZipWriter writer(out, "some.zip");
  for (int i = 0; i < 65534; ++i) writer.add(std::to_string(i), ""sv);
  CHECK_THROWS_AS(writer.add("one more", ""sv), mao::FormatError);
  CHECK_THROWS_WITH(writer.add("one more", ""sv),
                    ContainsSubstring("some.zip") && ContainsSubstring("at most 4 GiB and 65534 entries"));
}
