// SPDX-License-Identifier: Apache-2.0
#include <mao/text/mini_lm.hpp>

#include <mao/io/named_tensors.hpp>
#include <mao/io/safetensors.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include <cmath>
#include <numeric>

#include <mao/sampling/concepts.hpp>
#include <mao/core/detail/ops.hpp>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;
using namespace mao_test;

namespace {

constexpr const char* absent = "MiniLM is not on this machine";

const MiniLm* mini_lm() {
  static const std::optional<MiniLm> model = []() -> std::optional<MiniLm> {
    try {
      return MiniLm::load();
    } catch (const FileError&) {
      return std::nullopt;
    }
  }();
  return model ? &*model : nullptr;
}

double largest_difference(const Tensor& left, const Tensor& right) { return (left - right).abs().max().item<double>(); }

/// A model of random weights: 8 tokens, 2 layers of 2 heads on 64 features.
void write_small_model(const std::filesystem::path& folder) {
  const std::int64_t width = 64, wide = 96;
  std::ofstream(folder / "vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\ndog\n##s\n";
  TensorMap tensors{{"embeddings.word_embeddings.weight", at::randn({8, width})},
                    {"embeddings.position_embeddings.weight", at::randn({12, width})},
                    {"embeddings.token_type_embeddings.weight", at::randn({2, width})}};
  const auto affine = [&](const std::string& name, at::IntArrayRef shape) {
    tensors[name + ".weight"] = at::randn(shape) / std::sqrt(static_cast<double>(shape.back()));
    tensors[name + ".bias"] = at::randn({shape.front()}) * 0.1;
  };
  affine("embeddings.LayerNorm", {width});
  for (const std::string layer : {"encoder.layer.0.", "encoder.layer.1."}) {
    for (const char* part : {"query", "key", "value"}) affine(layer + "attention.self." + part, {width, width});
    affine(layer + "attention.output.dense", {width, width});
    affine(layer + "attention.output.LayerNorm", {width});
    affine(layer + "intermediate.dense", {wide, width});
    affine(layer + "output.dense", {width, wide});
    affine(layer + "output.LayerNorm", {width});
  }
  write_safetensors(folder / "model.safetensors", tensors);
}

/// `tokens(T)` are the T tokens' embeddings, [T, W].
template <class Tokens>
void check_packed_equals_padded(const MiniLm& model, const std::vector<std::int64_t>& lengths, const Tokens& tokens) {
  std::vector<std::int64_t> offsets{0};
  for (const std::int64_t length : lengths) offsets.push_back(offsets.back() + length);
  const auto rows = static_cast<std::int64_t>(lengths.size());
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  const Tensor packed = parameter(tokens(offsets.back()));
  const Tensor padded = parameter(at::randn({rows, longest, model.width()}));
  const Tensor mask = at::zeros({rows, longest}, at::kBool);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto row = static_cast<std::size_t>(i);
    const at::NoGradGuard no_gradients;
    padded[i].narrow(0, 0, lengths[row]).copy_(packed.narrow(0, offsets[row], lengths[row]));
    mask[i].narrow(0, 0, lengths[row]).fill_(true);
  }
  const Tensor from_packed = model.encode_packed(packed, offsets);
  const Tensor from_padded = model.encode_embeddings(padded, mask);
  CHECK(largest_difference(from_packed, from_padded) < 2e-6);
  const Tensor direction = at::randn(from_packed.sizes());
  (from_packed * direction).sum().backward();
  (from_padded * direction).sum().backward();
  const double scale = packed.grad().abs().max().item<double>();
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto row = static_cast<std::size_t>(i);
    const Tensor expected = padded.grad()[i].narrow(0, 0, lengths[row]);
    CHECK(largest_difference(packed.grad().narrow(0, offsets[row], lengths[row]), expected) < 1e-5 * scale + 1e-7);
    CHECK(padded.grad()[i].narrow(0, lengths[row], longest - lengths[row]).abs().sum().item<double>() == 0.0);
  }
}

}  // namespace

TEST_CASE("embeddings of the reference, for all names of two data sets in two forms") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden && mini_lm(), "no golden traces, or no MiniLM");
  for (const std::string set : {"oxford_pets", "dtd"}) {
    const auto all = read_json_file(*golden / "minilm" / (set + ".json"));
    const TensorFile file = read_safetensors(*golden / "minilm" / (set + ".safetensors"));
    for (const std::string form : {"clean", "raw"}) {
      INFO(set << ' ' << form);
      const auto names = all["classnames_" + form].get<std::vector<std::string>>();
      for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(mini_lm()->tokenizer().encode(names[i]) == all["wordpiece_ids_" + form][i].get<WordPiece::Ids>());
      }
      CHECK(largest_difference(mini_lm()->encode(names), file.tensors.at("embed_" + form)) < 2e-6);
    }
  }
}

TEST_CASE("the reference's cosines of four groups of names") {
  const auto shared = shared_folder();
  MAO_SKIP_UNLESS(shared && mini_lm(), "no given material, or no MiniLM");
  for (const auto& group : read_json_file(*shared / "prototypes/parts/gold_minilm.json")) {
    const auto names = group["names"].get<std::vector<std::string>>();
    const Eigen::MatrixXf cosines = (*mini_lm())(names, names);
    for (Eigen::Index i = 0; i < cosines.rows(); ++i) {
      for (Eigen::Index j = 0; j < cosines.cols(); ++j) {
        CHECK(std::abs(cosines(i, j) - group["sim"][i][j].get<float>()) < 2e-6F);
      }
    }
  }
}

TEST_CASE(
    "the eight nearest classes are those of MAO's released code: queries with spaces, candidates with underscores") {
  STATIC_REQUIRE(TextSimilarity<MiniLm>);
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden && mini_lm(), "no golden traces, or no MiniLM");
  for (const std::string set : {"oxford_pets", "dtd"}) {
    const auto all = read_json_file(*golden / "minilm" / (set + ".json"));
    const auto raw = all["classnames_raw"].get<std::vector<std::string>>();
    const Eigen::MatrixXf cosines = (*mini_lm())(all["classnames_clean"].get<std::vector<std::string>>(), raw);
    for (std::size_t query = 0; query < raw.size(); ++query) {
      const auto row = static_cast<Eigen::Index>(query);
      std::vector<std::int64_t> nearest(raw.size());
      std::iota(nearest.begin(), nearest.end(), 0);
      std::sort(nearest.begin(), nearest.end(), [&](auto i, auto j) { return cosines(row, i) > cosines(row, j); });
      nearest.resize(8);
      CHECK(nearest == all["top8_mao"][query].get<std::vector<std::int64_t>>());
    }
  }
}

TEST_CASE("packed tokens give the values and gradients of padded ones") {
  const TemporaryFolder folder;
  write_small_model(folder.path());
  const MiniLm model = MiniLm::load(folder.path());
  const auto any = [](std::int64_t count) { return at::randn({count, 64}) * 0.1; };
  check_packed_equals_padded(model, {3}, any);
  check_packed_equals_padded(model, {4, 4, 4}, any);
  check_packed_equals_padded(model, {1, 12, 5, 2}, any);
  // Words and a little noise: with noise alone, one unit in the last place of the input can move MiniLM's gradients by
  // 1e-4 of the largest, in either form.
  const auto words = [](std::int64_t count) {
    const Tensor ids = at::randint(2000, 20000, {count}, at::TensorOptions(at::kLong));
    return mini_lm()->embed(ids) + at::randn({count, mini_lm()->width()}) * 0.02;
  };
  if (mini_lm()) check_packed_equals_padded(*mini_lm(), {3, 9, 4}, words);
}

TEST_CASE("what stands behind a mask does not matter, and the order of texts is kept") {
  const TemporaryFolder folder;
  write_small_model(folder.path());
  const MiniLm model = MiniLm::load(folder.path());
  CHECK(model.width() == 64);
  CHECK(model.max_length() == 12);
  std::vector<std::string> texts;
  for (int i = 0; i < 130; ++i) texts.push_back(i % 3 == 0 ? "cats dog cat" : i % 3 == 1 ? "dog" : "");
  const Tensor together = model.encode(texts);
  CHECK_FALSE(together.requires_grad());
  CHECK(largest_difference(together.norm(2, {1}), at::ones({130})) < 1e-5);
  for (const int i : {0, 1, 2, 128, 129}) {
    CHECK(largest_difference(model.encode({texts[static_cast<std::size_t>(i)]})[0], together[i]) < 1e-5);
  }
  CHECK(model.encode({}).size(0) == 0);
  CHECK(model({"cat", "dog"}, {"dog"}).cols() == 1);
  const Tensor copy = model.to(at::kCPU).encode(texts);
  CHECK(copy.equal(together));
}

TEST_CASE("a finite difference agrees with the gradient") {
  const TemporaryFolder folder;
  write_small_model(folder.path());
  const MiniLm model = MiniLm::load(folder.path());
  const Tensor start = parameter(at::randn({5, 64}));
  const Tensor direction = at::randn({2, 64}), step = at::randn({5, 64}) * 1e-2;
  const auto value = [&](const Tensor& at) { return (model.encode_packed(at, {0, 2, 5}) * direction).sum(); };
  value(start).backward();
  const double slope = (start.grad() * step).sum().item<double>();
  const double difference = (value(start + step) - value(start - step)).item<double>() / 2;
  CHECK(difference == Approx(slope).epsilon(0.02).margin(1e-4));
}

TEST_CASE("wrong shapes and files are named") {
  const TemporaryFolder folder;
  write_small_model(folder.path());
  const MiniLm model = MiniLm::load(folder.path());
  CHECK_THROWS_AS(model.encode_packed(at::randn({4, 64}), {0, 2}), ShapeError);
  CHECK_THROWS_AS(model.encode_packed(at::randn({4, 64}), {0, 2, 2, 4}), ShapeError);
  CHECK_THROWS_AS(model.encode_packed(at::randn({13, 64}), {0, 13}), ShapeError);
  CHECK_THROWS_AS(model.encode_embeddings(at::randn({2, 3, 60}), at::ones({2, 3}, at::kBool)), ShapeError);
  CHECK_THROWS_AS(model.encode_embeddings(at::randn({2, 3, 64}), at::zeros({2, 3}, at::kBool)), ShapeError);
  CHECK_THROWS_WITH(MiniLm::load(folder / "nowhere"), ContainsSubstring("nowhere"));
  auto tensors = read_safetensors(folder / "model.safetensors").tensors;
  const std::string name = "encoder.layer.0.output.LayerNorm.bias";
  const Tensor whole = tensors.at(name).clone();
  tensors[name] = whole.clone().fill_(std::nan(""));
  write_safetensors(folder / "model.safetensors", tensors);
  CHECK_THROWS_WITH(MiniLm::load(folder.path()), ContainsSubstring("64 of the 64 values of " + name + " are NaN"));
  tensors[name] = whole;
  tensors.erase("encoder.layer.1.output.dense.weight");
  write_safetensors(folder / "model.safetensors", tensors);
  CHECK_THROWS_WITH(MiniLm::load(folder.path()), ContainsSubstring("encoder.layer.1.output.dense.weight"));
}
