// SPDX-License-Identifier: Apache-2.0
// Every method at the sizes of ViT-B/16: what it trains equals the published number, and docs/methods.md says so.
#include <mao/backbones/adapt.hpp>
#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/coprompt.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/dpc.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/proda.hpp>
#include <mao/backbones/prograd.hpp>
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/tcp.hpp>
#include <mao/backbones/upt.hpp>
#include <mao/backbones/vpt.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/tuner/recipes.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/shape_model.hpp>

using namespace mao;
using mao_test::ShapeModel;

namespace {

using Similarity = Eigen::MatrixXf (*)(const std::vector<std::string>&, const std::vector<std::string>&);

/// A method's line in the table; all but its name and host follow from its type.
template <Backbone B>
std::string row(const std::string& name, B backbone) {
  constexpr bool plain = Tunable<B, ShuffledSampler, CrossEntropy, CosineSchedule>;
  constexpr bool mao = Tunable<B, HardNegativeSampler<Similarity>, AlterableRegularizer, CosineSchedule> &&
                       !BringsNegatives<B> && !IgnoresLabels<B>;
  constexpr BackboneTraits traits = traits_of<B>();
  std::string mark = mao ? "yes" : traits.brings_negatives ? "no: own negatives" : "no: no labels";
  return text_of("| ", name, " | ", plain ? "yes" : "no", " | ", mark, " | ", mao_test::count(backbone.parameters()),
                 " | ", traits.frozen_image_tower ? "frozen" : "prompted", " | ",
                 traits.needs_all_classes ? "all" : "candidates", " | ",
                 traits.frozen_image_tower ? "image features of fixed views" : "teacher's at most", " | ",
                 traits.class_features ? "classes once" : "classes for each image", " |");
}

std::shared_ptr<const ShapeModel> vit_b16() { return std::make_shared<const ShapeModel>(); }
std::shared_ptr<const ShapeModel> vit_l14() {
  return std::make_shared<const ShapeModel>(ShapeModel{.sizes = {768, 12, 1024, 24}, .embed_width = 768});
}

/// 50 base classes, as Caltech101 has.
ClassList fifty() {
  ClassList classes;
  for (int i = 0; i < 50; ++i) classes.names.push_back("class " + std::to_string(i));
  return classes;
}

}  // namespace

TEST_CASE("every method trains as many numbers as its paper says", "[methods]") {
  const auto clip = vit_b16();
  const ClassList classes = fifty();
  const auto count = [](auto backbone) { return mao_test::count(backbone.parameters()); };
  CHECK(count(Coop<ShapeModel>(clip, classes)) == 2'048);
  CHECK(count(Coop<ShapeModel>(clip, classes, {.init = "", .context = 16})) == 8'192);
  CHECK(count(Vpt<ShapeModel>(clip, classes)) == 73'728);
  CHECK(count(Maple<ShapeModel>(clip, classes)) == 3'555'072);
  CHECK(count(Maple<ShapeModel>(clip, classes, {.depth = 3})) == 1'185'024);
  CHECK(count(PromptSrc<ShapeModel>(clip, classes)) == 46'080);
  CHECK(count(CoCoop<ShapeModel>(clip, classes)) == 35'360);
  CHECK(count(KgCoop<ShapeModel>(clip, classes)) == 2'048);
  CHECK(count(Tcp<ShapeModel>(clip, classes)) == 331'904);
  CHECK(count(Dept<Coop<ShapeModel>>(Coop<ShapeModel>(clip, classes))) == 2'048 + 27'698);
  CHECK(count(ProDa<ShapeModel>(clip, classes)) == 262'144);
  CHECK(count(Upt<ShapeModel>(clip, classes)) == 1'976'064);
}

TEST_CASE("the table of methods in the docs is the one that these types give", "[methods]") {
  const auto clip = vit_b16();
  const ClassList classes = fifty();
  std::ostringstream table;
  table << "| method | plain | MAO | trains (ViT-B/16) | image tower | classes encoded per step | can be cached | "
           "inference |\n"
        << "|---|---|---|---|---|---|---|---|\n";
  const auto add = [&](const std::string& name, auto backbone) { table << row(name, std::move(backbone)) << "\n"; };
  add("`Coop`", Coop<ShapeModel>(clip, classes));
  add("`Vpt`", Vpt<ShapeModel>(clip, classes));
  add("`Ivlp`", Ivlp<ShapeModel>(clip, classes));
  add("`Maple`", Maple<ShapeModel>(clip, classes));
  add("`PromptSrc`", PromptSrc<ShapeModel>(clip, classes));
  add("`CoCoop`", CoCoop<ShapeModel>(clip, classes));
  add("`KgCoop`", KgCoop<ShapeModel>(clip, classes));
  add("`ProGrad`", ProGrad<ShapeModel>(clip, classes));
  add("`Tcp`", Tcp<ShapeModel>(clip, classes));
  add("`Dept` over `Coop`, 50 classes", Dept<Coop<ShapeModel>>(Coop<ShapeModel>(clip, classes)));
  add("`Dept` over `Ivlp`, 50 classes", Dept<Ivlp<ShapeModel>>(Ivlp<ShapeModel>(clip, classes)));
  add("`CoPrompt`", CoPrompt<ShapeModel>(clip, classes));
  add("`PromptKd`, teacher ViT-L/14",
      PromptKd<ShapeModel, ZeroShot<ShapeModel>>(clip, ZeroShot<ShapeModel>(vit_l14(), classes)));
  add("`ProDa`", ProDa<ShapeModel>(clip, classes));
  add("`Upt`", Upt<ShapeModel>(clip, classes));
  add("`Dpc` over `Coop`", Dpc<Coop<ShapeModel>>(Coop<ShapeModel>(clip, classes)));
  add("`Adapt`", Adapt<ShapeModel>(clip, classes));
  const std::string file = mao_test::source_dir() + "/docs/methods.md";
  if (std::getenv("MAO_PRINT_METHODS") != nullptr) std::cout << table.str();
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  INFO("MAO_PRINT_METHODS=1 test_backbones '[methods]' prints the table that docs/methods.md should hold");
  CHECK_THAT(text, ContainsSubstring(table.str()));
}

TEST_CASE("a null model is refused by every method's name", "[methods]") {
  const std::shared_ptr<const ShapeModel> none;
  const ClassList classes = fifty();
  const auto refuse = [](auto&& make, const char* who) {
    CAPTURE(who);
    CHECK_THROWS_WITH(make(), ContainsSubstring(std::string(who) + " is null"));
  };
  refuse([&] { Coop(none, classes); }, "Coop: the model");
  refuse([&] { KgCoop(none, classes); }, "KgCoop: the model");
  refuse([&] { ProGrad(none, classes); }, "ProGrad: the model");
  refuse([&] { ProDa(none, classes); }, "ProDa: the model");
  refuse([&] { CoCoop(none, classes); }, "CoCoop: the model");
  refuse([&] { Tcp(none, classes); }, "Tcp: the model");
  refuse([&] { Ivlp(none, classes); }, "Ivlp: the model");
  refuse([&] { Adapt(none, classes); }, "Adapt: the model");
  refuse([&] { Maple(none, classes); }, "Maple: the model");
  refuse([&] { PromptSrc(none, classes); }, "PromptSrc: the model");
  refuse([&] { Upt(none, classes); }, "Upt: the model");
  refuse([&] { Vpt(none, classes); }, "Vpt: the model");
  refuse([&] { CoPrompt(none, classes); }, "CoPrompt: the model");
  refuse([&] { ZeroShot(none, classes); }, "ZeroShot: the model");
  refuse([&] { PromptKd(none, Ivlp(vit_b16(), classes)); }, "PromptKd: the student");
}
