// SPDX-License-Identifier: Apache-2.0
#include "runs/run_names.hpp"

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using nlohmann::json;

TEST_CASE("data sets are named as in the papers, whatever their path", "[run_names]") {
  CHECK(data_set_title("caltech101") == "Caltech101");
  CHECK(data_set_title("/data/caltech-101") == "Caltech101");
  CHECK(data_set_title("/data/oxford_pets/") == "OxfordPets");
  CHECK(data_set_title("/home/me/my birds") == "my birds");
  CHECK(data_set_title("shifted") == "shifted");
  std::vector<std::string> titles{"zebras", "UCF101", "apples", "ImageNet", "DTD"};
  sort_data_sets(titles);
  CHECK(titles == std::vector<std::string>{"ImageNet", "DTD", "UCF101", "apples", "zebras"});
}

TEST_CASE("methods are named as in the papers", "[run_names]") {
  const json settings{{"method", {{"name", "kgcoop"}, {"mao", true}}}};
  CHECK(method_key(settings) == "kgcoop+mao");
  CHECK(method_title("kgcoop+mao") == "KgCoOp + MAO");
  CHECK(method_title("mine") == "mine");
  CHECK(method_title("zero-shot") == "untuned");
  CHECK(method_key(json::object()) == "?");
}

TEST_CASE("settings that are the data set's own, or say where files lie, do not tell methods apart", "[run_names]") {
  const json a{{"data", {{"data", "dtd"}, {"shots", 16}, {"classes", "base-new"}}},
               {"seeds", {1, 2}},
               {"model", {{"weights", "/a"}}}};
  const json b{{"data", {{"data", "eurosat"}, {"shots", 16}}}, {"seeds", {3}}, {"targets", json::array()}};
  CHECK(method_settings(a) == method_settings(b));
  CHECK(method_settings(a).at("/data/shots") == 16);
  CHECK(setting_words("/data/shots", 1) == "1 shot");
  CHECK(setting_words("/method/k", 8) == "K = 8");
  CHECK(setting_words("/method/new_epochs", 5) == "new epochs 5");
  CHECK(setting_words("/method/epochs", 50) == "epochs 50");
  CHECK(setting_words("/method/epochs", 0) == "default epochs");
  CHECK(setting_words("/method/lr", 0.0) == "default lr");
  CHECK(setting_words("/method/steps", "both") == "both stages");
  CHECK(setting_words("/method/steps", "new") == "new stage only");
  CHECK(setting_words("/method/steps", "joined") == "one classifier for all classes");
  CHECK(setting_words("/method/steps", "joined-new") == "one classifier for all classes with a plain first stage");
}
