// SPDX-License-Identifier: Apache-2.0
#include <mao/models/mobilenet_minilm.hpp>

#include <mao/io/safetensors.hpp>

#include <cmath>
#include <optional>
#include <string>

#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>

#include <mao/backbones/coop.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/templates.hpp>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/golden.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

namespace {

using mao::MobileNetMiniLm;
using mao::Tensor;
using mao::testing::largest_difference;
using mao_test::TemporaryFolder;

static_assert(mao::VisionLanguageModel<MobileNetMiniLm>);

Tensor noise(const std::vector<std::int64_t>& shape, const std::string& name, double deviation = 1.0) {
  return mao::normal_tensor(shape, deviation, mao::Rng(3)["small pair"][name]);
}

const std::vector<std::string> imagenet{"cat",     "dog",     "red dog", "owl",     "red cat",    "cat owl",
                                        "dog owl", "red owl", "dog cat", "owl cat", "red red owl"};

/// A sentence encoder of random weights: one layer, 2 heads of 32 features.
mao::MiniLm small_mini_lm(mao::Precision precision = mao::Precision::Fp32) {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nphoto\nof\ncat\ndog\nred\nowl\n.\n##s\n");
  mao::TensorMap tensors;
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    tensors[name] = noise(shape, name, 0.5);
  };
  const auto affine = [&](const std::string& name, std::int64_t out, std::int64_t in) {
    tensors[name + ".weight"] = noise({out, in}, name, 1 / std::sqrt(static_cast<double>(in)));
    add(name + ".bias", {out});
  };
  const auto norm = [&](const std::string& name) {
    tensors[name + ".weight"] = at::ones({64});
    add(name + ".bias", {64});
  };
  add("embeddings.word_embeddings.weight", {14, 64});
  add("embeddings.position_embeddings.weight", {16, 64});
  add("embeddings.token_type_embeddings.weight", {2, 64});
  norm("embeddings.LayerNorm");
  const std::string layer = "encoder.layer.0.";
  for (const char* part : {"self.query", "self.key", "self.value", "output.dense"})
    affine(layer + "attention." + part, 64, 64);
  affine(layer + "intermediate.dense", 96, 64);
  affine(layer + "output.dense", 64, 96);
  norm(layer + "attention.output.LayerNorm");
  norm(layer + "output.LayerNorm");
  mao::write_safetensors(folder / "model.safetensors", tensors);
  return mao::MiniLm::load(folder.path(), precision);
}

/// A classifier of one convolution and a mean.
mao::MobileNetV2 small_network(std::int64_t classes) {
  using Kind = mao::GraphOp::Kind;
  const mao::Graph graph{.input = 0,
                         .result = 2,
                         .ops = {{.kind = Kind::Convolution,
                                  .inputs = {0},
                                  .output = 1,
                                  .name = "conv",
                                  .stride = 2,
                                  .groups = 1,
                                  .relu6 = true},
                                 {.kind = Kind::Mean, .inputs = {1}, .output = 2, .name = {}}}};
  return {graph, {{"conv.weight", noise({classes, 3, 3, 3}, "conv")}, {"conv.bias", noise({classes}, "bias")}}};
}

std::shared_ptr<const MobileNetMiniLm> small_model() {
  static const auto model = std::make_shared<const MobileNetMiniLm>(small_network(12), small_mini_lm(), imagenet);
  return model;
}

Tensor sentences_of(const std::vector<std::string>& names) {
  std::vector<std::string> sentences;
  for (const std::string& name : names) sentences.push_back("a photo of a " + name);
  return small_mini_lm().encode(sentences);
}

}  // namespace

TEST_CASE("The text feature is the sentence's encoding minus the mean of the ImageNet sentences") {
  const std::vector<std::string> sentences{"a photo of a red cat.", "owl", "a photo of a dog."};
  const Tensor expected = small_mini_lm().encode(sentences).sub(sentences_of(imagenet).mean(0));
  CHECK(largest_difference(mao::sentence_features(*small_model(), sentences), expected) < 1e-5);
}

TEST_CASE("The image feature is the weighted sum over the ten likeliest classes, the background left out") {
  const Tensor pixels = noise({9, 3, 8, 8}, "pixels");
  const Tensor feature = small_model()->encode_image(pixels);
  const Tensor logits = small_network(12).classify(pixels).narrow(1, 1, 11);
  const Tensor probability = at::softmax(logits, 1), encoded = sentences_of(imagenet);
  const Tensor directions = encoded.sub(encoded.mean(0));
  for (std::int64_t image = 0; image < 9; ++image) {
    const std::int64_t least = probability[image].argmin().item<std::int64_t>();
    Tensor expected = at::zeros({64});
    for (std::int64_t c = 0; c < 11; ++c) {
      if (c != least) expected = expected.add(directions[c].mul(probability[image][c]));
    }
    CHECK(largest_difference(feature[image], expected) < 1e-5);
  }
  const MobileNetMiniLm without_background(small_network(11), small_mini_lm(), imagenet);
  CHECK(without_background.encode_image(pixels).sizes() == feature.sizes());
  CHECK(without_background.fingerprint() != small_model()->fingerprint());
}

TEST_CASE("Rows of a text batch do not see each other and take the prefix of their group") {
  const auto model = small_model();
  mao::TextBatch batch{.prefix = noise({2, 3, 64}, "prefix"),
                       .suffix = noise({7, 64}, "suffix"),
                       .offsets = {0, 2, 3, 7},
                       .group = {1, 0, 1}};
  const Tensor together = model->encode_text(batch);
  for (std::int64_t row = 0; row < 3; ++row) {
    const auto r = static_cast<std::size_t>(row);
    const std::int64_t begin = batch.offsets[r], length = batch.suffix_length(row);
    const mao::TextBatch alone{.prefix = batch.prefix.narrow(0, batch.group[r], 1),
                               .suffix = batch.suffix.narrow(0, begin, length),
                               .offsets = {0, length},
                               .group = {0}};
    CHECK(largest_difference(model->encode_text(alone)[0], together[row]) < 1e-5);
  }
  batch.group[1] = 2;
  CHECK_THROWS_AS((void)model->encode_text(batch), mao::ShapeError);
}

TEST_CASE("Gradients reach both parts of a text batch") {
  const Tensor prefix = mao::parameter(noise({1, 2, 64}, "prefix")), suffix = mao::parameter(noise({4, 64}, "suffix"));
  const auto loss = [&](const Tensor& p, const Tensor& s) {
    return small_model()
        ->encode_text({.prefix = p, .suffix = s, .offsets = {0, 1, 4}, .group = {0, 0}})
        .mul(noise({2, 64}, "direction"))
        .sum();
  };
  loss(prefix, suffix).backward();
  const double step = 1e-2;
  for (const Tensor& leaf : {prefix, suffix}) {
    const Tensor direction = noise(leaf.sizes().vec(), "step").mul(step);
    const auto moved = [&](double sign) {
      const mao::Tensor other = leaf.detach().add(direction, sign);
      return (leaf.is_same(prefix) ? loss(other, suffix.detach()) : loss(prefix.detach(), other)).item<double>();
    };
    const double expected = leaf.grad().mul(direction).sum().item<double>();
    CHECK((moved(1) - moved(-1)) / 2 == Approx(expected).margin(2e-2 * std::abs(expected) + 1e-4));
  }
}

TEST_CASE("CoOp runs over the pair unchanged and learns its context alone") {
  mao::Coop<MobileNetMiniLm> coop(small_model(), {{"red_dog", "owl", "cat"}});
  const mao::Output output = coop.forward({.pixels = noise({2, 3, 8, 8}, "pixels"), .features = {}}, {{2, 0}});
  CHECK(output.logits.sizes() == at::IntArrayRef({2, 2}));
  output.logits.sum().backward();
  const mao::Parameter context = coop.parameters().at(0);
  CHECK(context.value.sizes() == at::IntArrayRef({4, 64}));
  CHECK(context.value.grad().abs().max().item<double>() > 0);
}

TEST_CASE("In bf16 texts and images stay near those of fp32, under another fingerprint") {
  const MobileNetMiniLm half(small_network(12), small_mini_lm(mao::Precision::Bf16), imagenet);
  CHECK(half.fingerprint() != small_model()->fingerprint());
  CHECK(half.fingerprint().ends_with("-bf16"));
  const std::vector<std::string> sentences{"a photo of a red cat.", "owl"};
  const Tensor texts = mao::sentence_features(*small_model(), sentences);
  CHECK((mao::sentence_features(half, sentences) - texts).norm().item<double>() < 3e-2 * texts.norm().item<double>());
  const Tensor pixels = noise({4, 3, 8, 8}, "pixels"), images = small_model()->encode_image(pixels);
  CHECK((half.encode_image(pixels) - images).norm().item<double>() < 3e-2 * images.norm().item<double>());
}

TEST_CASE("What does not fit together is refused") {
  CHECK_THROWS_AS(MobileNetMiniLm(small_network(12), small_mini_lm(), {"cat", "dog"}), mao::DataError);
  const MobileNetMiniLm wrong(small_network(13), small_mini_lm(), imagenet);
  CHECK_THROWS_WITH((void)wrong.encode_image(noise({1, 3, 8, 8}, "pixels")),
                    ContainsSubstring("13") && ContainsSubstring("11"));
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(mao::find_imagenet_names(folder.path()), ContainsSubstring("imagenet_classnames.txt"));
  const auto names = folder.write("imagenet_classnames.txt", "n01440764 tench\nn01484850 great white shark\r\n");
  CHECK(mao::find_imagenet_names(folder.path()) == names);
  CHECK(mao::read_imagenet_names(names) == std::vector<std::string>{"tench", "great white shark"});
  CHECK_THROWS_WITH(mao::read_imagenet_names(folder.write("names", "n01440764 tench\nowl\n")),
                    ContainsSubstring("line 2"));
  CHECK_THROWS_AS(mao::read_imagenet_names(folder / "absent"), mao::FileError);
}

TEST_CASE("The real pair loads and says what it expects") {
  const auto shared = mao_test::shared_folder();
  MAO_SKIP_UNLESS(shared, "no MobileNetV2 weights on this machine");
  std::optional<MobileNetMiniLm> model;
  try {
    model.emplace(MobileNetMiniLm::load(*shared / "data/weights"));
  } catch (const mao::FileError& failure) {
    MAO_SKIP_UNLESS(false, failure.what());
  }
  CHECK(model->logit_scale() == 30.0);
  CHECK(model->preprocess().resolution == 224);
  CHECK(model->preprocess().short_side() == 256);
  CHECK(model->tokenize("a photo of a").size() == 4);
  CHECK(model->encode_image(noise({1, 3, 224, 224}, "pixels").clamp(-1, 1)).sizes() == at::IntArrayRef({1, 384}));
}
