// SPDX-License-Identifier: Apache-2.0
#include <mao/io/safetensors.hpp>

#include <mao/io/detail/safetensors_header.hpp>
#include <mao/io/files.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

using mao_test::TemporaryFolder;

namespace {

/// A safetensors file with this header and this many bytes of content.
mao::SharedBytes file_with(const std::string& header, const std::string& content) {
  const std::uint64_t length = header.size();
  std::string text(reinterpret_cast<const char*>(&length), sizeof length);
  return mao::copy_bytes(text + header + content, "bad.safetensors");
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

void check_refused(const std::string& header, std::size_t bytes, const std::string& reason) {
  INFO(header.substr(0, 200));
  const auto file = file_with(header, std::string(bytes, '\1'));
  CHECK_THROWS_AS(mao::parse_safetensors(file), mao::FormatError);
  CHECK_THROWS_WITH(mao::parse_safetensors(file), ContainsSubstring(reason) && ContainsSubstring("bad.safetensors"));
}

mao::TensorMap one_of_each_type() {
  mao::TensorMap tensors;
  for (const auto& [name, type] : mao::detail::safetensors_types()) {
    tensors[name] = at::arange(6, at::kFloat).view({2, 3}).gt(2).to(type);
  }
  tensors["scalar"] = at::scalar_tensor(3.5);
  tensors["empty"] = at::zeros({0, 4});
  tensors["a name with \"quotes\" and ö"] = at::arange(5);
  return tensors;
}

}  // namespace

TEST_CASE("every element type, scalars and empty tensors survive a round trip") {
  const TemporaryFolder folder;
  const auto tensors = one_of_each_type();
  mao::write_safetensors(folder / "a.safetensors", tensors, {{"format", "pt"}, {"classes", "[\"dög\"]"}});
  const auto file = mao::read_safetensors(folder / "a.safetensors");
  CHECK(file.metadata.at("classes") == "[\"dög\"]");
  REQUIRE(file.tensors.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    INFO(name);
    const auto& loaded = file.tensors.at(name);
    CHECK(loaded.scalar_type() == tensor.scalar_type());
    CHECK(loaded.sizes() == tensor.sizes());
    CHECK(at::equal(loaded, tensor));
  }
}

TEST_CASE("equal tensors give equal bytes, whatever their strides") {
  const TemporaryFolder folder;
  const auto matrix = at::arange(6, at::kFloat).view({2, 3});
  mao::write_safetensors(folder / "a", {{"m", matrix}, {"n", at::arange(3)}});
  mao::write_safetensors(folder / "b", {{"n", at::arange(3)}, {"m", matrix.t().contiguous().t()}});
  CHECK(mao::read_text_file(folder / "a") == mao::read_text_file(folder / "b"));
}

TEST_CASE("the written layout: header padded to 8, larger types first") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "a", {{"a", at::zeros({3}, at::kByte)}, {"b", at::arange(2)}});
  const auto text = mao::read_text_file(folder / "a");
  CHECK(text.substr(0, 8) == std::string("\xa8\0\0\0\0\0\0\0", 8));
  const std::string entries =
      R"("a":{"data_offsets":[16,19],"dtype":"U8","shape":[3]},"b":{"data_offsets":[0,16],"dtype":"I64","shape":[2]}})";
  // python: xxhash.xxh64(b'{' + entries + tensors).hexdigest()
  const std::string metadata = R"({"__metadata__":{"mao_checksum":"xxh64:7d26641ae187ad7d"},)";
  CHECK(text.substr(8, 0xa8) == metadata + entries + "  ");
  CHECK(text.size() == 8 + 0xa8 + 19);
}

TEST_CASE("a flipped bit anywhere behind the header's length is refused, a file of others without checksum is read") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "a", {{"m", at::arange(4, at::kFloat)}, {"n", at::arange(2)}}, {{"k", "v"}});
  const auto file = mao::read_safetensors(folder / "a");
  CHECK(file.metadata == std::map<std::string, std::string>{{"k", "v"}});
  CHECK_THAT(file.checksum, ContainsSubstring("xxh64:"));
  const auto text = mao::read_text_file(folder / "a");
  const auto key = text.find("mao_checksum"), end = text.find('}');
  for (std::size_t place = end + 1; place < text.size(); ++place) {
    std::string damaged = text;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    if (text[place] == ' ') continue;  // the padding, which says nothing
    INFO(place);
    CHECK_THROWS_AS(mao::parse_safetensors(mao::copy_bytes(damaged, "damaged")), mao::FormatError);
  }
  std::string damaged = text;
  damaged[text.size() - 3] ^= 64;
  CHECK_THROWS_WITH(mao::parse_safetensors(mao::copy_bytes(damaged, "base.prompts")),
                    ContainsSubstring("base.prompts is damaged: its checksum is xxh64:"));
  std::string other = text;
  other[key] = 'n';  // no checksum that we know
  CHECK(mao::parse_safetensors(mao::copy_bytes(other, "other")).checksum.empty());
}

TEST_CASE("a checksum is that of the content, however the header is laid out") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "a", {{"m", at::arange(2)}}, {{"k", "v"}});
  const auto sum = mao::read_safetensors(folder / "a").checksum;
  const std::string header = R"({ "m": {"dtype":"I64", "shape":[2], "data_offsets":[0,16]},)"
                             R"("__metadata__": {"mao_checksum": ")" +
                             sum + R"(", "k": "v"} })";
  const auto data = mao::read_text_file(folder / "a");
  CHECK(mao::parse_safetensors(file_with(header, data.substr(data.size() - 16))).checksum == sum);
}

TEST_CASE("what is thrown before the last step leaves the former file") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "a", {{"m", at::arange(2)}});
  const auto before = mao::read_text_file(folder / "a");
  const auto prevent = [] { throw mao::FileError("taken over"); };
  CHECK_THROWS_WITH(mao::write_safetensors(folder / "a", {{"m", at::arange(3)}}, {}, prevent),
                    ContainsSubstring("taken over"));
  CHECK(mao::read_text_file(folder / "a") == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("loaded tensors outlive everything and may be written to without changing the file") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "a", {{"m", at::arange(4, at::kFloat)}});
  auto tensor = mao::read_safetensors(folder / "a").tensors.at("m");
  tensor.mul_(2);
  CHECK(tensor.sum().item<float>() == 12);
  CHECK(mao::read_safetensors(folder / "a").tensors.at("m").sum().item<float>() == 6);
}

TEST_CASE("tensors at odd addresses are copied, not misread") {
  const std::string header = R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("w":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})";
  const float value = 1.5F;
  const auto file = mao::parse_safetensors(
      file_with(header, "\x07" + std::string(reinterpret_cast<const char*>(&value), sizeof value)));
  CHECK(file.tensors.at("w").item<float>() == 1.5F);
  CHECK(reinterpret_cast<std::uintptr_t>(file.tensors.at("w").data_ptr()) % 4 == 0);
}

TEST_CASE("sizes and offsets that do not fit are refused") {
  check_refused(entry("F32", "[2]", "[0,8]"), 7, "truncated");
  check_refused(entry("F32", "[2]", "[0,8]"), 9, "appended");
  check_refused(entry("F32", "[2]", "[4,12]"), 12, "hole");
  check_refused(entry("F32", "[3]", "[0,8]"), 8, "takes 12 bytes");
  check_refused(entry("F32", "[2]", "[8,0]"), 8, "claims the bytes");
  check_refused(entry("F32", "[2]", "[0]"), 8, "expected 2");
  check_refused(entry("F32", "[2]", "[0,18446744073709551615]"), 8, "claims the bytes");
  check_refused(entry("F32", "[4294967296,4294967296]", "[0,0]"), 0, "overflows");
  check_refused(entry("F32", "[4611686018427387904,4]", "[0,0]"), 0, "overflows");
  check_refused(entry("F64", "[4611686018427387904]", "[0,0]"), 0, "overflows");
  check_refused(entry("F32", "[0,4294967296,4294967296]", "[0,0]"), 0, "overflows");
  check_refused(entry("F32", "[18446744073709551615]", "[0,8]"), 8, "too large");
  check_refused(entry("F32", "[-1]", "[0,8]"), 8, "non-negative integers");
  check_refused(entry("F32", "[2.0]", "[0,8]"), 8, "non-negative integers");
}

TEST_CASE("headers that are not what the format demands are refused") {
  check_refused("", 0, "JSON");
  check_refused("[]", 0, "not a JSON object");
  check_refused(R"({"w":1})", 0, "not described by an object");
  check_refused(entry("F8_E4M3", "[2]", "[0,2]"), 2, "dtype F8_E4M3, supported are F64");
  check_refused(R"({"w":{"shape":[],"data_offsets":[0,4]}})", 4, "\"dtype\" is missing");
  check_refused(R"({"w":{"dtype":"F32","data_offsets":[0,4]}})", 4, "\"shape\" is not an array");
  check_refused(R"({"__metadata__":{"epoch":3}})", 0, "expected a string");
  check_refused(R"({"__metadata__":[]})", 0, "not an object");
  check_refused(R"({"__metadata__":{},"__metadata__":{}})", 0, "twice");
  check_refused(std::string(100'000, '['), 0, "nested deeper");
  check_refused(std::string(R"({"w":{"dtype":"F32","shape":)") + std::string(100'000, '['), 0, "nested deeper");
  check_refused(entry("BOOL", "[2]", "[0,2]").insert(1, R"("b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"), 3,
                "appended");
  const auto boolean = file_with(entry("BOOL", "[2]", "[0,2]"), "\1\2");
  CHECK_THROWS_WITH(mao::parse_safetensors(boolean), ContainsSubstring("the byte 2"));
}

TEST_CASE("every truncation of a valid safetensors file is refused") {
  const TemporaryFolder folder;
  mao::write_safetensors(folder / "a", {{"m", at::arange(4, at::kFloat)}, {"n", at::arange(2)}}, {{"k", "v"}});
  const auto text = mao::read_text_file(folder / "a");
  for (std::size_t length = 0; length < text.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(mao::parse_safetensors(mao::copy_bytes(text.substr(0, length), "cut")), mao::FormatError);
  }
}

TEST_CASE("a header length beyond the file or any reasonable size is refused") {
  for (const std::uint64_t length : {std::uint64_t{3}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    const std::string text(reinterpret_cast<const char*>(&length), sizeof length);
    CHECK_THROWS_WITH(mao::parse_safetensors(mao::copy_bytes(text + "{}", "long")),
                      ContainsSubstring("header should take"));
  }
}

TEST_CASE("what cannot be stored is refused before anything is written") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  CHECK_THROWS_WITH(mao::write_safetensors(path, {{"u", mao::Tensor()}}), ContainsSubstring("\"u\" is undefined"));
  CHECK_THROWS_WITH(mao::write_safetensors(path, {{"c", at::zeros({1}, at::kComplexFloat)}}),
                    ContainsSubstring("ComplexFloat"));
  CHECK_THROWS_WITH(mao::write_safetensors(path, {{"__metadata__", at::zeros({1})}}),
                    ContainsSubstring("__metadata__"));
  CHECK_THROWS_WITH(mao::write_safetensors(path, {}, {{"k", "\xff"}}), ContainsSubstring("UTF-8"));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a file of the reference writer is read") {
  const std::filesystem::path path = mao_test::source_dir() + "/../shared/data/weights/mobilenet_v2_tf2ptq.safetensors";
  MAO_SKIP_UNLESS(std::filesystem::exists(path), path.string() + " is absent");
  CHECK(mao::read_safetensors(path).tensors.size() > 50);
}
