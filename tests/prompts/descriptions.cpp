// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/descriptions.hpp>

#include <fstream>

#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::ToyModel;

TEST_CASE("descriptions come from templates, a table or a function", "[descriptions]") {
  CHECK(descriptions_of_templates({"a {}.", "the {}."})("big_dog") ==
        std::vector<std::string>{"a big dog.", "the big dog."});
  const auto table = descriptions_of_table({{"big dog", {"It barks."}}, {"old_cat", {"It sleeps."}}});
  CHECK(table("big_dog") == std::vector<std::string>{"It barks."});
  CHECK(table("old_cat") == std::vector<std::string>{"It sleeps."});
  CHECK_THROWS_WITH(table("owl"), ContainsSubstring("no descriptions of class \"owl\""));
}

TEST_CASE("description features are unit rows, a class a column", "[descriptions]") {
  const auto model = ToyModel::make();
  const Tensor bank = description_features(*model, ClassList{{"cat", "big_dog"}},
                                           descriptions_of_templates({"a {}.", "the {}.", "one {}."}));
  REQUIRE(shape_text(bank.sizes()) == "[3, 2, 16]");
  const Tensor alone = sentence_features(*model, {"the big dog."});
  CHECK(largest_difference(bank[1][1], (alone / alone.norm())[0]) < 1e-5);
  CHECK_FALSE(bank.requires_grad());
}

TEST_CASE("classes with different numbers of descriptions are refused by name", "[descriptions]") {
  const auto model = ToyModel::make();
  const auto uneven = descriptions_of_table({{"cat", {"one.", "two."}}, {"dog", {"one."}}, {"owl", {}}});
  CHECK_THROWS_WITH(description_features(*model, ClassList{{"cat", "dog"}}, uneven),
                    ContainsSubstring("class \"dog\" has 1 descriptions, class \"cat\" has 2"));
  CHECK_THROWS_WITH(description_features(*model, ClassList{{"owl"}}, uneven), ContainsSubstring("\"owl\" has no"));
}

TEST_CASE("descriptions are read from JSON", "[descriptions]") {
  const mao_test::TemporaryFolder temporary;
  const auto& folder = temporary.path();
  std::ofstream(folder / "good.json") << R"({"big dog": ["It barks.", "It runs."]})";
  std::ofstream(folder / "bad.json") << R"({"big dog": "It barks."})";
  std::ofstream(folder / "broken.json") << "{";
  CHECK(descriptions_of_file(folder / "good.json")("big_dog").size() == 2);
  CHECK_THROWS_WITH(descriptions_of_file(folder / "bad.json"), ContainsSubstring("bad.json: expected a JSON object"));
  CHECK_THROWS_AS(descriptions_of_file(folder / "broken.json"), FormatError);
  CHECK_THROWS_AS(descriptions_of_file(folder / "none.json"), FileError);
}
