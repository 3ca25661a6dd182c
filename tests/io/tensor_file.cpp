// SPDX-License-Identifier: Apache-2.0
#include <mao/io/tensor_file.hpp>

#include <mao/io/safetensors.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

using mao_test::TemporaryFolder;

TEST_CASE("the content decides, not the name") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "weights.pt", {{"m", at::arange(3)}});
  CHECK(mao::read_tensors(folder / "weights.pt").tensors.count("m") == 1);
  std::filesystem::copy_file(mao_test::torch_files() / "state_dict.pth", folder / "weights.safetensors");
  CHECK(mao::read_tensors(folder / "weights.safetensors").tensors.count("row") == 1);
  CHECK(mao::read_tensors(mao_test::torch_files() / "dassl.pth.tar", {.strip_prefix = "state_dict."}).tensors.count("ctx") == 1);
}

TEST_CASE("a model folder is searched for its weights, safetensors first") {
  const TemporaryFolder folder;
  std::filesystem::copy_file(mao_test::torch_files() / "state_dict.pth", folder / "pytorch_model.bin");
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
}

TEST_CASE("other files show how they begin") {
  const TemporaryFolder folder;
  const auto page = folder.write("model.pt", "<!doctype html><html>not found</html>");
  CHECK_THROWS_AS(mao::read_tensors(page), mao::FormatError);
  CHECK_THROWS_WITH(mao::read_tensors(page), ContainsSubstring("<!doctype html>"));
  CHECK_THROWS_WITH(mao::read_tensors(folder.write("short", "a")), ContainsSubstring("neither"));
  CHECK_THROWS_WITH(mao::read_tensors(folder / "absent"), ContainsSubstring("there is no file or folder"));
}

TEST_CASE("weights in several parts are one file of tensors") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "model-1.safetensors", {{"a", at::arange(3)}});
  mao::write_safetensors(folder / "model-2.safetensors", {{"b", at::arange(5)}});
  const auto index = folder / "model.safetensors.index.json";
  const auto write = [&](const std::string& map, const std::string& bytes) {
    return folder.write("model.safetensors.index.json",
                        R"({"metadata": {"total_size": )" + bytes + R"(}, "weight_map": {)" + map + "}}");
  };
  const std::string right = R"("a": "model-1.safetensors", "b": "model-2.safetensors")";
  write(right, "64");
  for (const auto& path : {folder.path(), index}) {
    const auto tensors = mao::read_tensors(path).tensors;
    REQUIRE(tensors.size() == 2);
    CHECK(tensors.at("b").numel() == 5);
  }
  const auto refused = [&](const std::string& map, const std::string& bytes, const std::string& reason) {
    write(map, bytes);
    CHECK_THROWS_WITH(mao::read_tensors(folder.path()), ContainsSubstring(reason) && ContainsSubstring("index.json"));
  };
  refused(right, "65", "the parts hold 64 bytes of tensors, the index says 65");
  refused(R"("a": "model-1.safetensors")" + std::string(R"(, "c": "model-1.safetensors")"), "24",
          "\"c\" is not in model-1");
  refused(R"("b": "model-2.safetensors", "a": "model-2.safetensors")", "64", "\"a\" is not in model-2");
  refused(R"("a": "model-2.safetensors", "b": "model-1.safetensors")", "64", "which the index says is in");
  refused(R"("a": "model-3.safetensors")", "24", "these are not beside it: model-3.safetensors");
  mao::write_safetensors(folder / "model-2.safetensors", {{"a", at::arange(3)}, {"b", at::arange(5)}});
  refused(right, "64", "model-2.safetensors holds the tensor \"a\", which the index says is in model-1");
}

TEST_CASE("PyTorch's parts have an index too") {
  const TemporaryFolder folder;
  std::filesystem::copy_file(mao_test::torch_files() / "state_dict.pth", folder / "pytorch_model-00001-of-00001.bin");
  std::string map;
  for (const auto& [name, tensor] : mao::read_tensors(mao_test::torch_files() / "state_dict.pth").tensors) {
    map += (map.empty() ? "\"" : ", \"") + name + "\": \"pytorch_model-00001-of-00001.bin\"";
  }
  folder.write("pytorch_model.bin.index.json", "{\"weight_map\": {" + map + "}}");
  CHECK(mao::read_tensors(folder.path()).tensors.contains("row"));
}
