// SPDX-License-Identifier: Apache-2.0
#include <mao/io/named_tensors.hpp>

#include <support/catch.hpp>

using mao::detail::checked_element_count;

TEST_CASE("elements are counted, or the shape is refused") {
  CHECK(checked_element_count({}, "t") == 1);
  CHECK(checked_element_count({2, 3}, "t") == 6);
  CHECK(checked_element_count({2, 0, 3}, "t") == 0);
  CHECK_THROWS_WITH(checked_element_count({INT64_MAX, 2}, "t"), ContainsSubstring("t has shape"));
  CHECK_THROWS_WITH(checked_element_count({0, INT64_MAX, 2}, "t"), ContainsSubstring("overflows"));
  CHECK_THROWS_WITH(checked_element_count({-1}, "t"), ContainsSubstring("negative"));
  CHECK_THROWS_WITH(checked_element_count(std::vector<std::int64_t>(65, 1), "t"), ContainsSubstring("65 dimensions"));
}

TEST_CASE("tensors lie over the bytes where the address suits, else over a copy") {
  const auto bytes = mao::copy_bytes(std::string(40, '\0'), "zeros");
  const auto aligned = static_cast<std::uint64_t>(-reinterpret_cast<std::uintptr_t>(bytes.data) % 4);
  CHECK(mao::detail::tensor_over(bytes, aligned, 8, {2}, at::kFloat).data_ptr() == bytes.data + aligned);
  CHECK(mao::detail::tensor_over(bytes, aligned + 1, 8, {2}, at::kFloat).data_ptr() != bytes.data + aligned + 1);
}

TEST_CASE("booleans are 0 or 1") {
  const auto bytes = mao::copy_bytes(std::string_view("\0\1\2", 3), "b");
  CHECK_NOTHROW(mao::detail::check_booleans(bytes.span().first(2), "t"));
  CHECK_THROWS_WITH(mao::detail::check_booleans(bytes.span(), "t"), ContainsSubstring("the byte 2"));
}
