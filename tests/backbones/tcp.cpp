// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/tcp.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

#include <ATen/ops/matmul.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyTcp = Tcp<ToyModel>;

const std::string tcp_pet = "a photo of a {}, a type of pet.";
const TcpOptions tcp_shape{.suffix_template = "{}, a type of pet.", .templates = {tcp_pet}, .block = 1};

Tensor& tcp_value(ParameterList& parameters, const std::string& name) {
  for (Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter.value;
  }
  throw std::runtime_error("no parameter " + name);
}

}  // namespace

static_assert(RawFeatures<ToyTcp> && FrozenImageTower<ToyTcp> && NeedsAllClasses<ToyTcp>);

TEST_CASE("TCP keeps the promises of a backbone", "[tcp]") {
  mao_test::check_backbone([] { return ToyTcp(ToyModel::make(), toy_classes(6), tcp_shape); });
}

TEST_CASE("TCP's class prompts are the net of the teacher's class vectors", "[tcp]") {
  const auto model = ToyModel::make();
  ToyTcp tcp(model, toy_classes(6), tcp_shape);
  ParameterList learned = tcp.parameters();
  const Tensor teacher = frozen_class_features(*model, toy_classes(6), {tcp_pet});
  CHECK(tcp.teacher().equal(teacher));
  const Tensor before = at::matmul(teacher, tcp_value(learned, "prompt_learner.meta_net.linear1.weight").t()) +
                        tcp_value(learned, "prompt_learner.meta_net.linear1.bias");
  const Tensor hidden = before * (before * 1.702).sigmoid();
  const Tensor expected = at::matmul(hidden, tcp_value(learned, "prompt_learner.meta_net.linear2.weight").t()) +
                          tcp_value(learned, "prompt_learner.meta_net.linear2.bias");
  const Tensor prompts = tcp.class_prompts(Candidates{{5, 2}});
  REQUIRE(prompts.sizes() == at::IntArrayRef({2, 4, 64}));
  CHECK(relative_difference(prompts[0].flatten(), expected[5]) < 1e-5);
  CHECK(relative_difference(prompts[1].flatten(), expected[2]) < 1e-5);
}

TEST_CASE("each class sees its own prompt, and the context no longer acts behind it", "[tcp]") {
  const auto model = ToyModel::make();
  for (const std::int64_t block : {1, 2}) {
    CAPTURE(block);
    TcpOptions options = tcp_shape;
    options.block = block;
    ToyTcp tcp(model, toy_classes(6), options);
    const auto all = Candidates::all(6);
    const Tensor features = tcp.raw_text(all);
    // One class at a time, with the same vectors for every row: what the tower did before there were class prompts.
    const auto phrase = ContextPhrase::placeholders(4);
    const ContextPrompt<ToyModel> prompt(*model, toy_classes(6), phrase, ClassPosition::End, tcp_shape.suffix_template);
    const Tensor context = tcp.parameters()[0].value, prompts = tcp.class_prompts(all);
    for (std::int64_t c = 0; c < 6; ++c) {
      BlockPrompts deep(static_cast<std::size_t>(block) + 1);
      deep.back().replacement = prompts[c];
      const Tensor alone = model->encode_text(prompt.assemble(context, Candidates{{c}}), deep);
      CHECK(relative_difference(features.narrow(0, c, 1), alone) < 1e-5);
    }
  }
}

TEST_CASE("TCP's term is the weighted cosine distance to the teacher, over all classes", "[tcp]") {
  const auto model = ToyModel::make();
  TcpOptions options = tcp_shape;
  options.weight = 3;
  ToyTcp tcp(model, toy_classes(6), options);
  const Output full = tcp.forward(mao_test::toy_batch(), Candidates::all(6));
  double cosines = 0;
  for (std::int64_t c = 0; c < 6; ++c) cosines += (full.text[c] * tcp.teacher()[c]).sum().item<double>();
  CHECK(tcp.auxiliary_loss(full, mao_test::toy_labels).item<double>() == Approx(3 * (1 - cosines / 6)).epsilon(1e-5));
}

TEST_CASE("TCP's class prompts follow the classes", "[tcp]") {
  const auto model = ToyModel::make();
  ToyTcp tcp(model, toy_classes(6), tcp_shape), other(model, ClassList{{"owl", "cat"}}, tcp_shape);
  const Tensor owl = tcp.class_prompts(Candidates{{3}});
  tcp.bind(ClassList{{"owl", "cat"}});
  CHECK(relative_difference(tcp.class_prompts(Candidates{{0}}), owl) < 1e-5);
  CHECK(largest_difference(tcp.encode_text(Candidates::all(2)), other.encode_text(Candidates::all(2))) < 1e-6);
}

TEST_CASE("TCP trains as many numbers as the paper's", "[tcp]") {
  const auto count_for = [](std::int64_t n, std::int64_t width, std::int64_t embedding) {
    const std::int64_t hidden = embedding / 4;
    return n * width + (embedding + 1) * hidden + (hidden + 1) * n * width;
  };
  CHECK(count_for(4, 512, 512) == 331'904);  // ViT-B/16
  ToyTcp tcp(ToyModel::make(), toy_classes(3), tcp_shape);
  CHECK(mao_test::count(tcp.parameters()) == count_for(4, 64, 16));
  CHECK(tcp.parameters().back().name == "prompt_learner.meta_net.linear2.bias");
}

TEST_CASE("TCP refuses settings out of range", "[tcp]") {
  const auto model = ToyModel::make();
  const auto make = [&](const TcpOptions& options) { return ToyTcp(model, toy_classes(2), options); };
  CHECK_THROWS_WITH(make({}), ContainsSubstring("Tcp: block = 8, the text tower has blocks 0 to 2; choose 1 to 2"));
  CHECK_THROWS_WITH(make({.block = 0}), ContainsSubstring("overwritten unseen"));
  CHECK_THROWS_WITH(make({.block = 1, .weight = -1}), ContainsSubstring("Tcp: weight = -1"));
  CHECK_THROWS_WITH(make({.block = 1, .hidden = -1}), ContainsSubstring("Tcp: hidden = -1"));
  CHECK_THROWS_WITH(make({.suffix_template = "pet.", .block = 1}), ContainsSubstring("exactly once"));
}
