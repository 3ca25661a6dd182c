// SPDX-License-Identifier: Apache-2.0
#include <mao/io/torch_writer.hpp>

#include <mao/io/detail/zip_archive.hpp>
#include <mao/io/files.hpp>
#include <mao/io/torch_archive.hpp>
#include <mao/core/detail/ops.hpp>

#include <zlib.h>

#include <ATen/ops/arange.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

using mao_test::quoted;
using mao_test::shell;
using mao_test::TemporaryFolder;

namespace {

/// Every element type, layout and size that a state dict may have.
mao::TensorMap all_kinds() {
  const auto numbers = at::arange(24, at::kFloat).view({2, 3, 4});
  mao::TensorMap tensors{{"ctx", at::full({4, 3}, 0.1, at::kFloat)},
                         {"compound_prompts_text.0", numbers},
                         {"transposed", numbers.permute({2, 0, 1})},
                         {"part", numbers.slice(2, 1, 3)},
                         {"expanded", at::ones({1, 3}).expand({5, 3})},
                         {"trained", mao::parameter(numbers)},
                         {"scalar", at::tensor(7)},
                         {"empty", at::zeros({0, 4})},
                         {"Schloß", at::ones({1})}};
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                          at::kByte, at::kBool}) {
    tensors[std::string("type.") + c10::toString(type)] = numbers.sub(3).to(type);
  }
  return tensors;
}

mao::TorchDict checkpoint() {
  return {{"state_dict", all_kinds()},      {"epoch", 50},   {"optimizer", {}}, {"scheduler", {}}, {"val_result", {}},
          {"count", std::int64_t{1} << 40}, {"rate", 0.002}, {"done", true},    {"note", "\"ö\""}};
}

std::string python_type(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return "float64";
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    case at::kLong:
      return "int64";
    case at::kInt:
      return "int32";
    case at::kShort:
      return "int16";
    case at::kChar:
      return "int8";
    case at::kByte:
      return "uint8";
    case at::kBool:
      return "bool";
    default:
      return "float32";
  }
}

/// What golden/read_checkpoint.py prints for the checkpoint above.
std::string expected_lines() {
  std::vector<std::string> lines{"count 1099511627776", "done True",  "epoch 50",       "note '\"ö\"'",
                                 "optimizer None",      "rate 0.002", "scheduler None", "val_result None"};
  for (const auto& [name, tensor] : all_kinds()) {
    const auto dense = tensor.detach().contiguous();
    const auto checksum = ::crc32_z(0, static_cast<const Bytef*>(dense.const_data_ptr()), dense.nbytes());
    lines.push_back(mao::text_of("state_dict.", name, " ", python_type(tensor.scalar_type()), " ",
                                 mao::shape_text(tensor.sizes()), " ", checksum));
  }
  std::sort(lines.begin(), lines.end());
  std::string text = "dict\n";
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::string read_by_python(const std::string& interpreter, const char* how, const std::filesystem::path& file) {
  return "PYTHONIOENCODING=utf-8 PYTHONDONTWRITEBYTECODE=1 " + interpreter + " " +
         quoted(mao_test::torch_files() / "read_checkpoint.py") + " " + how + " " + quoted(file);
}

/// $MAO_TORCH_PYTHON, or the interpreter that LibTorch was installed with.
std::string torch_python() {
  const char* given = std::getenv("MAO_TORCH_PYTHON");
  return quoted(given != nullptr ? given : mao_test::source_dir() + "/.venv/bin/python");
}

}  // namespace

TEST_CASE("a written PyTorch file comes back through our reader") {
  const TemporaryFolder folder;
  mao::write_torch_archive(folder / "model.pth.tar-50", checkpoint());
  const auto file = mao::read_torch_archive(folder / "model.pth.tar-50", {.strip_prefix = "state_dict."});
  const auto written = all_kinds();
  REQUIRE(file.tensors.size() == written.size());
  for (const auto& [name, tensor] : written) {
    INFO(name);
    REQUIRE(file.tensors.count(name) == 1);
    const auto& read = file.tensors.at(name);
    CHECK(read.scalar_type() == tensor.scalar_type());
    CHECK(read.sizes() == tensor.sizes());
    CHECK(read.equal(tensor.detach()));
    CHECK(read.is_contiguous());
    CHECK_FALSE(read.requires_grad());
  }
  CHECK(file.metadata ==
        std::map<std::string, std::string>{
            {"epoch", "50"}, {"count", "1099511627776"}, {"rate", "0.002"}, {"done", "true"}, {"note", "\"ö\""}});
}

TEST_CASE("a state dict alone, and an empty one, come back") {
  const TemporaryFolder folder;
  mao::write_torch_archive(folder / "some.pth", mao::TensorMap{{"w", at::ones({2})}});
  CHECK(mao::read_torch_archive(folder / "some.pth").tensors.at("w").equal(at::ones({2})));
  mao::write_torch_archive(folder / "some.pth", mao::TensorMap{});
  CHECK(mao::read_torch_archive(folder / "some.pth").tensors.empty());
}

TEST_CASE("equal tensors give equal PyTorch files, with every tensor at a multiple of 64") {
  const TemporaryFolder folder;
  mao::write_torch_archive(folder / "a.pth", checkpoint());
  mao::write_torch_archive(folder / "b.pth", checkpoint());
  CHECK(mao::read_text_file(folder / "a.pth") == mao::read_text_file(folder / "b.pth"));
  const mao::ZipArchive archive(mao::map_bytes(folder / "a.pth"));
  std::set<std::string> names;
  for (const auto& [name, entry] : archive.entries()) {
    names.insert(name);
    if (name.starts_with("archive/data/")) CHECK(entry.offset % 64 == 0);
  }
  CHECK(names.size() == all_kinds().size() + 3);
  CHECK(names.count("archive/data/0") == 1);
}

TEST_CASE("CPython's own zipfile and pickle read a written PyTorch file") {
  MAO_SKIP_UNLESS(shell("python3 --version").code == 0, "there is no python3");
  const TemporaryFolder folder;
  mao::write_torch_archive(folder / "model.pth.tar-50", checkpoint());
  const auto run = shell(read_by_python("python3", "plain", folder / "model.pth.tar-50"));
  CHECK(run.output == expected_lines());
  CHECK(run.code == 0);
}

TEST_CASE("torch.load with its defaults reads a written PyTorch file") {
  const TemporaryFolder folder;
  mao::write_torch_archive(folder / "model.pth.tar-50", checkpoint());
  const auto run = shell(read_by_python(torch_python(), "torch", folder / "model.pth.tar-50"));
  constexpr int cannot_import = 3, not_found = 127;
  MAO_SKIP_UNLESS(run.code != cannot_import && run.code != not_found,
                  "no Python with torch; name one in MAO_TORCH_PYTHON: " + run.output);
  CHECK(run.output == expected_lines());
  CHECK(run.code == 0);
}

// golden/torch_save.pth.tar was written by torch.save of PyTorch 2.11 through golden/make_torch_golden.py.
TEST_CASE("a file that PyTorch itself saved: half, views of one storage, integers, nesting, an optimizer") {
  const auto file = mao::read_torch_archive(mao_test::torch_files() / "torch_save.pth.tar");
  REQUIRE(file.tensors.size() == 9);
  const auto numbers = at::arange(12, at::kFloat).view({3, 4});
  const auto& ctx = file.tensors.at("state_dict.ctx");
  CHECK(ctx.scalar_type() == at::kHalf);
  CHECK(ctx.to(at::kFloat).equal(at::tensor({0.5F, -2.F, 65504.F, 1.F}).view({2, 2})));
  CHECK(file.tensors.at("state_dict.matrix").equal(numbers));
  CHECK(file.tensors.at("state_dict.transposed").equal(numbers.t()));
  CHECK(file.tensors.at("state_dict.transposed").strides() == at::IntArrayRef{1, 4});
  CHECK(file.tensors.at("state_dict.row").equal(numbers.select(0, 1)));
  CHECK(file.tensors.at("state_dict.row").storage().data() == file.tensors.at("state_dict.matrix").storage().data());
  CHECK(file.tensors.at("state_dict.every_third").equal(at::tensor({1.F, 4.F, 7.F, 10.F})));
  CHECK(file.tensors.at("state_dict.count").item<std::int64_t>() == std::int64_t{1} << 40);
  CHECK(file.tensors.at("state_dict.parameter").scalar_type() == at::kBFloat16);
  CHECK(file.tensors.at("state_dict.parameter").to(at::kFloat).equal(at::tensor({1.25F, 2.5F})));
  CHECK(file.tensors.at("state_dict.empty").sizes() == at::IntArrayRef{0, 4});
  CHECK(file.tensors.at("nested.deeper.mask").equal(at::tensor({1, 0}).to(at::kBool)));
  CHECK(file.metadata == std::map<std::string, std::string>{{"epoch", "50"}, {"val_result", "81.25"}});
}

TEST_CASE("what a PyTorch file cannot hold is refused by name, and the old file stays") {
  const TemporaryFolder folder;
  const auto path = folder / "some.pth";
  mao::write_torch_archive(path, mao::TensorMap{{"w", at::ones({2})}});
  const auto writing = [&](const std::string& name, const mao::Tensor& tensor) {
    mao::write_torch_archive(path, mao::TensorMap{{name, tensor}});
  };
  CHECK_THROWS_AS(writing("w", mao::Tensor()), mao::FormatError);
  CHECK_THROWS_WITH(writing("w", mao::Tensor()), ContainsSubstring("some.pth: tensor \"w\" is undefined"));
  CHECK_THROWS_WITH(writing("w", at::ones({2}).to_sparse()), ContainsSubstring("\"w\" is not dense"));
  CHECK_THROWS_WITH(writing("w", at::complex(at::ones({2}), at::ones({2}))), ContainsSubstring("ComplexFloatStorage"));
  CHECK_THROWS_WITH(writing("w\xff", at::ones({2})), ContainsSubstring("not UTF-8"));
  CHECK_THROWS_AS(mao::write_torch_archive(folder / "absent/some.pth", mao::TensorMap{}), mao::FileError);
  CHECK(mao::read_torch_archive(path).tensors.at("w").equal(at::ones({2})));
}
