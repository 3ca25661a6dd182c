// SPDX-License-Identifier: Apache-2.0
#include "runs/default_settings.hpp"

#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

using namespace mao;
using nlohmann::json;

TEST_CASE("the words for defaults name the numbers that the stages use", "[default_settings]") {
  CHECK(plain_defaults.epochs == PlainOptions().schedule.epochs);
  CHECK(plain_defaults.learning_rate == PlainOptions().schedule.learning_rate);
  CHECK(plain_batch == PlainOptions().batch);
  CHECK(base_stage_defaults.epochs == MaoBaseOptions().schedule.epochs);
  CHECK(base_stage_defaults.learning_rate == MaoBaseOptions().schedule.learning_rate);
}

TEST_CASE("a default is named by what the run used", "[default_settings]") {
  const json plain{{"name", "coop"}, {"mao", false}, {"steps", "both"}};
  json with_mao = plain;
  with_mao["mao"] = true;
  CHECK(default_words("/method/epochs", 0, plain) == "default (20)");
  CHECK(default_words("/method/epochs", 0, with_mao) == "default (10)");
  CHECK(default_words("/method/epochs", 5, plain).empty());
  CHECK(default_words("/method/lr", 0.0, plain) == "default (0.002)");
  CHECK(default_words("/method/lr", 0.0, with_mao) == "default (0.0035)");
  CHECK(default_words("/method/batch", 0, plain) == "default (32)");
  CHECK(default_words("/method/batch", 0, with_mao) == "default (by the number of classes)");
  CHECK(default_words("/method/k", 0, with_mao) == "default (by the number of classes)");
  CHECK(default_words("/method/k", 0, plain) == "not used");
  for (const char* steps : {"new", "joined-new"}) {  // the plain method comes first
    with_mao["steps"] = steps;
    CHECK(default_words("/method/epochs", 0, with_mao) == "default (20)");
    CHECK(default_words("/method/k", 0, with_mao) == "not used");
  }
}

TEST_CASE("0 is a number where it is not a default, and settings of other kinds are left to others",
          "[default_settings]") {
  const json method{{"name", "coop"}};
  CHECK(default_words("/method/threshold", 0.0, method).empty());
  CHECK(default_words("/method/epochs", nullptr, method).empty());
  CHECK(default_words("/method/mao", false, method).empty());
  CHECK(default_words("/data/shot_seed", 0, method) == "default (the training seed)");
  CHECK(default_words("/method/epochs", 0, {{"name", "zero-shot"}}) == "not used");
}
