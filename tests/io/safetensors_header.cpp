// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/io/detail/safetensors_header.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using nlohmann::json;

TEST_CASE("an entry is checked against the buffer that it describes") {
  const auto value = json::parse(R"({"dtype": "F16", "shape": [2, 3], "data_offsets": [4, 16]})");
  const auto entry = mao::detail::safetensors_entry("w", value, 16, "file");
  CHECK(entry.type == at::kHalf);
  CHECK(entry.shape == std::vector<std::int64_t>{2, 3});
  CHECK(entry.end == 16);
  CHECK_THROWS_WITH(mao::detail::safetensors_entry("w", value, 15, "file"), ContainsSubstring("file: tensor \"w\""));
}

TEST_CASE("entries fill the buffer without gap or overlap, in any order") {
  const mao::detail::SafetensorsEntry front{"a", at::kByte, {4}, 0, 4};
  const mao::detail::SafetensorsEntry back{"b", at::kByte, {2}, 4, 6};
  CHECK_NOTHROW(mao::detail::check_safetensors_coverage({back, front}, 6, "file"));
  CHECK_THROWS_AS(mao::detail::check_safetensors_coverage({back}, 6, "file"), mao::FormatError);
  CHECK_THROWS_AS(mao::detail::check_safetensors_coverage({front, front}, 4, "file"), mao::FormatError);
}

TEST_CASE("a header that is no JSON is told by its place, in our own words", "[safetensors]") {
  const std::string text = R"({"a": [1,})";
  CHECK_THROWS_WITH(mao::detail::parse_safetensors_header(text.data(), text.data() + text.size(), "f.safetensors"),
                    "f.safetensors: the safetensors header is not JSON: it cannot be read from line 1, column 10, at "
                    "'}'; expected an object of tensors. The file is damaged, or of another format");
}
