// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/torch_legacy.hpp>

#include <ATen/ops/equal.h>

#include <mao/io/files.hpp>
#include <mao/io/torch_archive.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

TEST_CASE("PyTorch's older format holds the same tensors as the newer one") {
  const auto old = mao::read_torch_archive(mao_test::torch_files() / "legacy_dict.pt"),
             now = mao::read_torch_archive(mao_test::torch_files() / "torch_save.pth.tar");
  CHECK(old.metadata.at("epoch") == "3");
  std::size_t compared = 0;
  for (const auto& [name, tensor] : now.tensors) {
    if (!name.starts_with("state_dict.")) continue;
    INFO(name);
    REQUIRE(old.tensors.contains(name));
    CHECK(old.tensors.at(name).scalar_type() == tensor.scalar_type());
    CHECK(at::equal(old.tensors.at(name), tensor));
    ++compared;
  }
  CHECK(compared == 8);
}

TEST_CASE("a file of the older format that is cut short is refused at every length") {
  const auto content = mao::read_text_file(mao_test::torch_files() / "legacy_dict.pt");
  for (std::size_t length = 0; length < content.size(); ++length) {
    CHECK_THROWS_AS(mao::parse_torch_archive(mao::copy_bytes(content.substr(0, length), "cut")), mao::FormatError);
  }
}

TEST_CASE("another version of the older format is refused") {
  auto content = mao::read_text_file(mao_test::torch_files() / "legacy_dict.pt");
  const auto at = content.find(std::string("\x80\x02M\xe9\x03.", 6));  // 1001
  REQUIRE(at != std::string::npos);
  content[at + 3] = 0;
  CHECK_THROWS_WITH(mao::parse_torch_archive(mao::copy_bytes(content, "x.pt")), ContainsSubstring("expected 1001"));
}
