// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/bytes.hpp>

#include <limits>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("ranges are inside or not, without overflow") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(mao::detail::inside(0, 0, 0));
  CHECK(mao::detail::inside(3, 5, 8));
  CHECK_FALSE(mao::detail::inside(4, 5, 8));
  CHECK_FALSE(mao::detail::inside(9, 0, 8));
  CHECK_FALSE(mao::detail::inside(1, most, most));
  CHECK_FALSE(mao::detail::inside(most, most, 8));
}

TEST_CASE("arithmetic says when it does not fit") {
  std::int64_t result = 0;
  CHECK((mao::detail::multiply<std::int64_t>(1 << 20, 1 << 20, result) && result == std::int64_t{1} << 40));
  CHECK_FALSE(mao::detail::multiply<std::int64_t>(std::int64_t{1} << 32, std::int64_t{1} << 31, result));
  CHECK_FALSE(mao::detail::add<std::int64_t>(INT64_MAX, 1, result));
}

TEST_CASE("integers are little-endian and never read beyond the end") {
  const auto bytes = mao::copy_bytes("\x01\x02\x03", "three");
  CHECK(mao::detail::little_endian<std::uint16_t>(bytes.span(), 1, "three") == 0x0302);
  CHECK_THROWS_WITH(mao::detail::little_endian<std::uint16_t>(bytes.span(), 2, "three"),
                    ContainsSubstring("three is truncated"));
  CHECK_THROWS_AS(mao::detail::little_endian<std::uint16_t>(bytes.span(), ~std::uint64_t{0}, "three"),
                  mao::FormatError);
}

TEST_CASE("shared bytes keep their memory and name") {
  const mao_test::TemporaryFolder folder;
  const auto mapped = mao::map_bytes(folder.write("a.bin", "abc"));
  CHECK(std::string(mapped.data, mapped.size) == "abc");
  CHECK(mapped.name == (folder / "a.bin").string());
  CHECK(mao::copy_bytes("", "empty").size == 0);
}
