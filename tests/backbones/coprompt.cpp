// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coprompt.hpp>

#include <set>

#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/prompts_file.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>
#include <support/shape_model.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyCoPrompt = CoPrompt<ToyModel>;

CoPromptOptions coprompt_shape(double weight = 8) {
  CoPromptOptions options;
  options.context = 2;
  options.depth = 3;
  options.weight = weight;
  options.descriptions = descriptions_of_templates({"a photo of a {}.", "the {} at night.", "one {}.", "many {}."});
  return options;
}

ToyCoPrompt toy_coprompt(const CoPromptOptions& options = coprompt_shape()) {
  return ToyCoPrompt(ToyModel::make(), toy_classes(6), options);
}

Output seen(ToyCoPrompt& backbone) {
  Output output = backbone.forward(mao_test::toy_batch(), Candidates::all(6));
  output.images = mao_test::toy_batch();
  return output;
}

std::int64_t published(std::int64_t context, std::int64_t depth) {
  using BigCoPrompt = CoPrompt<mao_test::ShapeModel>;
  CoPromptOptions options;
  options.context = context;
  options.depth = depth;
  BigCoPrompt backbone(std::make_shared<const mao_test::ShapeModel>(), toy_classes(2), options);
  return mao_test::count(backbone.parameters());
}

}  // namespace

static_assert(RawFeatures<ToyCoPrompt> && NeedsAllClasses<ToyCoPrompt> && NeedsTwoViews<ToyCoPrompt>);
static_assert(HasBuffers<ToyCoPrompt> && !FrozenImageTower<ToyCoPrompt>);

TEST_CASE("CoPrompt keeps the promises of a backbone", "[coprompt]") {
  mao_test::check_backbone([] { return toy_coprompt(); });
}

TEST_CASE("CoPrompt trains as many numbers as published", "[coprompt]") {
  CHECK(published(4, 12) == 5014528);
  CHECK(published(2, 12) == 5002240);
  CHECK(published(4, 9) == 3826432);
  ToyCoPrompt backbone = toy_coprompt();
  Maple<ToyModel> host(ToyModel::make(), toy_classes(6), {.context = 2, .depth = 3});
  CHECK(mao_test::count(backbone.parameters()) == mao_test::count(host.parameters()) + 4 * 4 * 16);
}

TEST_CASE("CoPrompt is MaPLe where the adapters have no share", "[coprompt]") {
  CoPromptOptions options = coprompt_shape();
  options.text_share = options.image_share = 0;
  ToyCoPrompt backbone = toy_coprompt(options);
  Maple<ToyModel> host(ToyModel::make(), toy_classes(6), {.context = 2, .depth = 3});
  const Tensor logits = seen(backbone).logits;
  CHECK(logits.equal(host.forward(mao_test::toy_batch(), Candidates::all(6)).logits));
}

TEST_CASE("CoPrompt's term is the formula, with one description for all classes", "[coprompt]") {
  const auto model = ToyModel::make();
  ToyCoPrompt backbone(model, toy_classes(6), coprompt_shape(4));
  backbone.set_picker([](std::int64_t, std::int64_t count) { return count - 2; });
  const Output output = seen(backbone);
  std::vector<std::string> sentences;
  for (const std::string& name : toy_classes(6).names) sentences.push_back("one " + readable(name) + ".");
  const Tensor wanted = unit_rows(sentence_features(*model, sentences)),
               frozen = unit_rows(model->encode_image(mao_test::toy_batch().second_pixels));
  const double text = (output.text * wanted).sum().item<double>() / 6,
               image = (output.image * frozen).sum().item<double>() / 6;
  CHECK(backbone.auxiliary_loss(output, {}).item<double>() == Approx(4 * ((1 - text) + (1 - image))).epsilon(1e-5));
}

TEST_CASE("CoPrompt draws every description, and the same ones after a resume", "[coprompt]") {
  const auto drawn = [](ToyCoPrompt& backbone, int steps) {
    std::vector<double> terms;
    const Output output = seen(backbone);
    for (int i = 0; i < steps; ++i) terms.push_back(backbone.auxiliary_loss(output, {}).item<double>());
    return terms;
  };
  ToyCoPrompt whole = toy_coprompt(), first = toy_coprompt(), second = toy_coprompt();
  const auto expected = drawn(whole, 40);
  CHECK(std::set<double>(expected.begin(), expected.end()).size() == 4);
  drawn(first, 25);
  second.set_buffers(first.buffers());
  CHECK(drawn(second, 15) == std::vector<double>(expected.begin() + 25, expected.end()));
}

TEST_CASE("CoPrompt is tuned on two views", "[coprompt]") {
  const mao::testing::ToyImages images(3, 2, 5);
  TensorImages source(images.pixels);
  ToyCoPrompt backbone(ToyModel::make(), toy_classes(3), coprompt_shape());
  const auto before = mao_test::copy_of(backbone.parameters());
  plain(backbone, backbone.classes(), images.labels, {.batch = 3, .schedule = {.epochs = 2, .learning_rate = 0.01}})
      .fit(source);
  for (const Parameter& each : backbone.parameters()) {
    CAPTURE(each.name);
    CHECK_FALSE(each.value.equal(before.at(each.name)));
  }
  CHECK(backbone.buffers().at("descriptions_drawn").item<std::int64_t>() == 4);
}

TEST_CASE("CoPrompt comes back from a file with the number of its draws", "[coprompt]") {
  ToyCoPrompt backbone = toy_coprompt(), other = toy_coprompt();
  for (int i = 0; i < 3; ++i) backbone.auxiliary_loss(seen(backbone), {});
  backbone.parameters()[0].value.detach().add_(1);
  const mao_test::TemporaryFolder folder;
  const PromptInfo info{.method = "coprompt", .model = "toy", .classes = toy_classes(6)};
  save_backbone(folder.path() / "prompts.safetensors", backbone, info);
  restore_backbone(other, load_prompts(folder.path() / "prompts.safetensors"), "toy");
  CHECK(other.parameters()[0].value.equal(backbone.parameters()[0].value));
  CHECK(seen(other).logits.equal(seen(backbone).logits));
  CHECK(other.auxiliary_loss(seen(other), {}).item<double>() ==
        backbone.auxiliary_loss(seen(backbone), {}).item<double>());
}

TEST_CASE("CoPrompt without descriptions takes the 60 templates", "[coprompt]") {
  CoPromptOptions options = coprompt_shape();
  options.descriptions = {};
  CHECK(toy_coprompt(options).bank().size(0) == 60);
}

TEST_CASE("CoPrompt refuses what it cannot compare", "[coprompt]") {
  CHECK_THROWS_WITH(toy_coprompt(coprompt_shape(-1)), ContainsSubstring("CoPrompt: weight = -1"));
  CoPromptOptions uneven = coprompt_shape();
  uneven.descriptions = [](const std::string& name) {
    return std::vector<std::string>(name == "owl" ? 1 : 2, "a " + name + ".");
  };
  CHECK_THROWS_WITH(toy_coprompt(uneven), ContainsSubstring("class \"owl\" has 1 descriptions"));
  ToyCoPrompt backbone = toy_coprompt();
  Output output = seen(backbone);
  output.images.second_pixels = Tensor();
  CHECK_THROWS_WITH(backbone.auxiliary_loss(output, {}), ContainsSubstring("no second view"));
  backbone.set_picker([](std::int64_t, std::int64_t count) { return count; });
  CHECK_THROWS_WITH(backbone.auxiliary_loss(seen(backbone), {}), ContainsSubstring("description 4 was picked"));
}
