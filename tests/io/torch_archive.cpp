// SPDX-License-Identifier: Apache-2.0
#include <mao/io/torch_archive.hpp>

#include <mao/io/files.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>

#include "core/zip_builder.hpp"

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

using mao_test::raw;
using mao_test::ZipBuilder;

namespace {

std::string text(const std::string& value) { return "X" + raw(static_cast<std::uint32_t>(value.size())) + value; }

std::string number(std::int64_t value) { return "\x8a\x08" + raw(value); }

std::string numbers(const std::vector<std::int64_t>& values) {
  std::string code = "(";
  for (const auto value : values) code += number(value);
  return code + "t";
}

struct TensorCode {
  std::string function = "_rebuild_tensor_v2";
  std::string storage = "FloatStorage";
  std::string key = "0";
  std::int64_t count = 4;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape{2, 2};
  std::vector<std::int64_t> strides{2, 1};

  [[nodiscard]] std::string code() const {
    return "ctorch._utils\n" + function + "\n((" + text("storage") + "ctorch\n" + storage + "\n" + text(key) +
           text("cpu") + number(count) + "tQ" + number(offset) + numbers(shape) + numbers(strides) + "tR";
  }
};

/// An archive with this pickle and a storage of four floats, 0 to 3.
mao::SharedBytes archive_with(const std::string& pickle) {
  ZipBuilder builder;
  builder.add("a/data.pkl", "\x80\x02" + pickle + ".");
  builder.add("a/data/0", raw(0.F) + raw(1.F) + raw(2.F) + raw(3.F));
  return mao::copy_bytes(builder.finished(), "some.pth");
}

std::string dict_of(const std::string& name, const std::string& value) { return "}" + text(name) + value + "s"; }

void check_archive_refused(const std::string& pickle, const std::string& reason) {
  const auto file = archive_with(pickle);
  CHECK_THROWS_AS(mao::parse_torch_archive(file), mao::FormatError);
  CHECK_THROWS_WITH(mao::parse_torch_archive(file), ContainsSubstring(reason) && ContainsSubstring("some.pth"));
}

void check_tensor_refused(const TensorCode& tensor, const std::string& reason) {
  check_archive_refused(dict_of("w", tensor.code()), reason);
}

}  // namespace

TEST_CASE("a state dict: views, types, scalars, empty tensors and parameters") {
  const auto tensors = mao::read_torch_archive(mao_test::torch_files() / "state_dict.pth").tensors;
  REQUIRE(tensors.size() == 8);
  const auto numbers = at::arange(12, at::kFloat);
  CHECK(at::equal(tensors.at("weight"), numbers.view({3, 4})));
  CHECK(at::equal(tensors.at("transposed"), numbers.view({3, 4}).t()));
  CHECK(at::equal(tensors.at("row"), numbers.slice(0, 4, 8)));
  CHECK(tensors.at("row").storage().data() == tensors.at("weight").storage().data());
  CHECK(tensors.at("half").scalar_type() == at::kHalf);
  CHECK(tensors.at("half")[1].item<float>() == -2);
  CHECK(tensors.at("count").dim() == 0);
  CHECK(tensors.at("count").item<std::int64_t>() == 7);
  CHECK(tensors.at("mask")[0].item<bool>());
  CHECK_FALSE(tensors.at("mask")[1].item<bool>());
  CHECK(tensors.at("empty").sizes() == at::IntArrayRef{0, 4});
  CHECK(tensors.at("parameter").item<double>() == 1.25);
}

TEST_CASE("a Dassl checkpoint: nested names, metadata, opaque objects left out") {
  const auto file = mao::read_torch_archive(mao_test::torch_files() / "dassl.pth.tar");
  CHECK(file.tensors.size() == 1);
  CHECK(file.tensors.at("state_dict.ctx").sum().item<float>() == 10);
  CHECK(file.metadata ==
        std::map<std::string, std::string>{{"epoch", "50"}, {"note", "text"}, {"rate", "0.5"}, {"done", "true"}});
  const auto stripped =
      mao::read_torch_archive(mao_test::torch_files() / "dassl.pth.tar", {.strip_prefix = "state_dict."});
  CHECK(stripped.tensors.count("ctx") == 1);
  CHECK(stripped.metadata.at("epoch") == "50");
}

TEST_CASE("a TorchScript archive: the names of the state dict, compressed code ignored") {
  const auto file = mao::read_torch_archive(mao_test::torch_files() / "torch_script.pt");
  CHECK(file.metadata.empty());
  CHECK(file.tensors.size() == 2);
  CHECK(file.tensors.at("logit_scale").item<float>() == 4.5F);
  CHECK(file.tensors.at("visual.conv1.weight").scalar_type() == at::kHalf);
}

TEST_CASE("a tensor alone is named tensor") {
  CHECK(mao::parse_torch_archive(archive_with(TensorCode{}.code())).tensors.at("tensor").sum().item<float>() == 6);
}

TEST_CASE("tensors outlive the reader") {
  auto tensor = mao::parse_torch_archive(archive_with(dict_of("w", TensorCode{}.code()))).tensors.at("w");
  CHECK(tensor.mul_(2).sum().item<float>() == 12);
}

TEST_CASE("tensors outside their storage are refused") {
  check_tensor_refused({.offset = 1}, "reaches outside its storage of 4");
  check_tensor_refused({.offset = -1}, "reaches outside");
  check_tensor_refused({.offset = INT64_MAX}, "reaches outside");
  check_tensor_refused({.strides = {3, 1}}, "reaches outside");
  check_tensor_refused({.strides = {-2, 1}}, "reaches outside");
  check_tensor_refused({.strides = {INT64_MAX, INT64_MAX}}, "reaches outside");
  check_tensor_refused({.count = 5, .offset = 1}, "does not fit into its record of 16");
  check_tensor_refused({.count = -1}, "does not fit");
  check_tensor_refused({.count = std::int64_t{1} << 62}, "does not fit");
  check_tensor_refused({.storage = "DoubleStorage"}, "does not fit");
  check_tensor_refused({.key = "7"}, "no entry \"a/data/7\"");
}

TEST_CASE("impossible shapes are refused") {
  check_tensor_refused({.shape = {-2, 2}}, "negative");
  check_tensor_refused({.shape = {std::int64_t{1} << 32, std::int64_t{1} << 32}}, "overflows");
  check_tensor_refused({.shape = {0, std::int64_t{1} << 32, std::int64_t{1} << 32}, .strides = {1, 1, 1}}, "overflows");
  check_tensor_refused({.shape = {1 << 20, 2}, .strides = {0, 0}}, "more elements than its storage");
  check_tensor_refused({.shape = {2}}, "1 extents and 2 strides");
  check_tensor_refused({.shape = std::vector<std::int64_t>(65, 1)}, "65 dimensions");
}

TEST_CASE("tensors of other kinds are refused by name, never dropped") {
  check_tensor_refused({.function = "_rebuild_qtensor"}, "stored through torch._utils._rebuild_qtensor");
  check_tensor_refused({.storage = "ComplexFloatStorage"}, "ComplexFloatStorage");
  check_tensor_refused({.storage = "BoolStorage", .count = 16}, "is boolean but holds the byte");
  check_archive_refused(dict_of("w", "ctorch._utils\n_rebuild_tensor_v2\n)R"), "element 0 is needed");
}

TEST_CASE("one storage cannot have two types, nor can storages exceed the file") {
  check_archive_refused(
      "}(" + text("a") + TensorCode{}.code() + text("b") + TensorCode{.storage = "IntStorage"}.code() + "u",
      "another type");
  ZipBuilder builder;
  std::string pickle = "\x80\x02}(";
  const std::string content(4000, '\0');
  for (int i = 0; i < 20; ++i) {
    const auto key = std::to_string(i);
    builder.add("a/data/" + key, i == 0 ? content : "", {.packed_error = i == 0 ? 0 : 4000, .zip64 = true});
    pickle += text(key) + TensorCode{.key = key, .count = 1000}.code();
  }
  builder.add("padding", content);
  builder.add("a/data.pkl", pickle + "u.");
  CHECK_THROWS_WITH(mao::parse_torch_archive(mao::copy_bytes(builder.finished(), "some.pth")),
                    ContainsSubstring("storages overlap"));
}

TEST_CASE("cycles, deep nesting and exponential sharing are refused") {
  check_archive_refused("}q\1" + text("k") + "h\1s", "nested deeper than 64");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "}" + text("k");
  check_archive_refused(deep + "N" + std::string(100, 's'), "nested deeper than 64");
  std::string sharing = "N";
  for (int i = 1; i < 60; ++i) {
    const auto slot = std::string(1, static_cast<char>(i));
    sharing += "q" + slot + "0}(" + text("a") + "h" + slot + text("b") + "h" + slot + "u";
  }
  check_archive_refused(sharing, "again and again");
}

TEST_CASE("stripping a prefix never merges two tensors") {
  const auto file = archive_with("}(" + text("w") + TensorCode{}.code() + text("x.w") + TensorCode{}.code() + "u");
  CHECK(mao::parse_torch_archive(file).tensors.size() == 2);
  CHECK_THROWS_WITH(mao::parse_torch_archive(file, {.strip_prefix = "x."}), ContainsSubstring("\"w\" occurs twice"));
}

TEST_CASE("files that are no archive of torch.save say what would work") {
  const auto reading = [](const std::string& content) {
    return mao::parse_torch_archive(mao::copy_bytes(content, "some.pth"));
  };
  CHECK_THROWS_WITH(reading("hello"), ContainsSubstring("not a file of torch.save"));
  ZipBuilder other;
  other.add("a/b/data.pkl", "N.");
  CHECK_THROWS_WITH(reading(other.finished()), ContainsSubstring("without a record data.pkl"));
  other.add("a/data.pkl", "N.");
  other.add("b/data.pkl", "N.");
  CHECK_THROWS_WITH(reading(other.finished()), ContainsSubstring("two records named data.pkl"));
  ZipBuilder big;
  big.add("a/data.pkl", "}.");
  big.add("a/byteorder", "big");
  CHECK_THROWS_WITH(reading(big.finished()), ContainsSubstring("big-endian"));
}

TEST_CASE("every truncation of a valid archive is refused") {
  const auto content = mao::read_text_file(mao_test::torch_files() / "dassl.pth.tar");
  for (std::size_t length = 0; length < content.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(mao::parse_torch_archive(mao::copy_bytes(content.substr(0, length), "cut")), mao::FormatError);
  }
}

TEST_CASE("a module that was saved whole gives the names of its state dict") {
  for (const char* name : {"whole_module.pt", "legacy_module.pt"}) {
    INFO(name);
    const mao::TensorMap tensors = mao::read_torch_archive(mao_test::torch_files() / name).tensors;
    std::vector<std::string> names;
    for (const auto& [key, tensor] : tensors) names.push_back(key);
    CHECK(names == std::vector<std::string>{"projection.bias", "projection.weight", "visual.mean", "visual.scale"});
    CHECK(tensors.at("visual.scale")[1].item<float>() == 2);
    CHECK(tensors.at("projection.weight").sizes() == at::IntArrayRef({1, 2}));
  }
}

TEST_CASE("a view of complex numbers whose values are negated is refused, not read with the wrong sign") {
  CHECK_THROWS_WITH(mao::read_torch_archive(mao_test::torch_files() / "negative_view.pt"),
                    ContainsSubstring("negated"));
}
