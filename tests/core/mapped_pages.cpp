// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/mapped_pages.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>

#include <mao/core/detail/ops.hpp>
#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::detail::drop_mapped_pages;

namespace {

// A file of 64 Ki floats 1, mapped and read once.
struct MappedOnes {
  mao_test::TemporaryFolder folder;
  mao::MappedFile file;
  mao::Tensor values;

  MappedOnes() : file(written(folder)), values(at::from_blob(const_cast<char*>(file.data()), {256, 256}, at::kFloat)) {
    REQUIRE(values.sum().item<float>() == 65536);
  }

 private:
  static std::filesystem::path written(const mao_test::TemporaryFolder& folder) {
    const std::vector<float> ones(65536, 1);
    const std::filesystem::path path = folder / "ones";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(ones.data()), static_cast<std::streamsize>(ones.size() * sizeof(float)));
    return path;
  }
};

}  // namespace

#if defined(__linux__)

TEST_CASE("pages of a mapped file are given back once, and read from it again", "[core]") {
  MAO_SKIP_UNLESS(std::ifstream("/proc/self/pagemap").good(), "this system does not say which pages are a file's");
  const MappedOnes mapped;
  CHECK(drop_mapped_pages(mapped.values));
  CHECK_FALSE(drop_mapped_pages(mapped.values));  // none is in memory any more
  CHECK(mapped.values.sum().item<float>() == 65536);
  CHECK(drop_mapped_pages(mapped.values.t()));  // read again just now
}

TEST_CASE("a page that was written to stays, and its neighbours with it", "[core]") {
  const MappedOnes mapped;
  mapped.values[100][3] = 5;
  CHECK_FALSE(drop_mapped_pages(mapped.values));
  CHECK(mapped.values[100][3].item<float>() == 5);
  CHECK(mapped.values.sum().item<float>() == 65540);
}

TEST_CASE("memory that is not of a file stays", "[core]") {
  const mao::Tensor own = at::ones({256, 256});
  CHECK_FALSE(drop_mapped_pages(own));
  CHECK(own.sum().item<float>() == 65536);
}

#endif

TEST_CASE("less than a page, and tensors with gaps, stay", "[core]") {
  const MappedOnes mapped;
  CHECK_FALSE(drop_mapped_pages(mapped.values[0].narrow(0, 0, 8)));
  CHECK_FALSE(drop_mapped_pages(mapped.values.narrow(1, 0, 8)));
  CHECK_FALSE(drop_mapped_pages(std::span<const std::byte>()));
}
