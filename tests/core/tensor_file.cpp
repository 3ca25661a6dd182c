// SPDX-License-Identifier: Apache-2.0
#include <mao/core/tensor_file.hpp>

#include <ATen/ops/arange.h>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

using mao_test::TemporaryFolder;

namespace {

const std::string golden = mao_test::source_dir() + "/tests/core/golden/";

}  // namespace

TEST_CASE("the content decides, not the name") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "weights.pt", {{"m", at::arange(3)}});
  CHECK(mao::read_tensors(folder / "weights.pt").tensors.count("m") == 1);
  std::filesystem::copy_file(golden + "state_dict.pth", folder / "weights.safetensors");
  CHECK(mao::read_tensors(folder / "weights.safetensors").tensors.count("row") == 1);
  CHECK(mao::read_tensors(golden + "dassl.pth.tar", {.strip_prefix = "state_dict."}).tensors.count("ctx") == 1);
}

TEST_CASE("a model folder is searched for its weights, safetensors first") {
  const TemporaryFolder folder;
  std::filesystem::copy_file(golden + "state_dict.pth", folder / "pytorch_model.bin");
  CHECK(mao::find_tensor_file(folder.path()) == folder / "pytorch_model.bin");
  CHECK(mao::read_tensors(folder.path()).tensors.count("row") == 1);
  mao::write_safetensors(folder / "open_clip_model.safetensors", {{"m", at::arange(3)}});
  CHECK(mao::find_tensor_file(folder.path()) == folder / "open_clip_model.safetensors");
}

TEST_CASE("a folder without weights is listed") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(mao::read_tensors(folder.path()), ContainsSubstring("it holds nothing"));
  folder.write("config.json", "{}");
  folder.write("vocab.txt", "a");
  CHECK_THROWS_AS(mao::read_tensors(folder.path()), mao::FileError);
  CHECK_THROWS_WITH(mao::read_tensors(folder.path()),
                    ContainsSubstring("config.json, vocab.txt") && ContainsSubstring("open_clip_pytorch_model.bin"));
  folder.write("model.safetensors.index.json", "{}");
  CHECK_THROWS_WITH(mao::read_tensors(folder.path()), ContainsSubstring("join them"));
}

TEST_CASE("other files show how they begin") {
  const TemporaryFolder folder;
  const auto page = folder.write("model.pt", "<!doctype html><html>not found</html>");
  CHECK_THROWS_AS(mao::read_tensors(page), mao::FormatError);
  CHECK_THROWS_WITH(mao::read_tensors(page), ContainsSubstring("<!doctype html>"));
  CHECK_THROWS_WITH(mao::read_tensors(folder.write("short", "a")), ContainsSubstring("neither"));
  CHECK_THROWS_WITH(mao::read_tensors(folder / "absent"), ContainsSubstring("there is no file or folder"));
  CHECK_THROWS_WITH(
      mao::read_tensors(folder.write("old.pt", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")),
      ContainsSubstring("PyTorch before 1.6"));
}
