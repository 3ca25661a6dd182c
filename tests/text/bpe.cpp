// SPDX-License-Identifier: Apache-2.0
#include <mao/text/bpe.hpp>

#include <thread>

#include <mao/core/error.hpp>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/text.hpp>

using namespace mao;
using namespace mao_test;
using Ids = ClipTokenizer::Ids;

TEST_CASE("the reference's 73 strings give the same ids, rows, errors and decoded text") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden && clip_tokenizer(), "no golden traces or no CLIP vocabulary");
  const ClipTokenizer& tokenizer = *clip_tokenizer();
  const auto all = read_json_file(*golden / "golden0" / "tokenizer.json");
  CHECK(tokenizer.start_token() == all["sot"]);
  CHECK(tokenizer.end_token() == all["eot"]);
  CHECK(tokenizer.size() == all["vocab"]);
  for (const auto& row : all["rows"]) {
    const auto text = row["text"].get<std::string>();
    INFO(text);
    const Ids ids = tokenizer.encode(text);
    CHECK(ids == row["ids"].get<Ids>());
    CHECK(tokenizer.decode(ids) == row["decoded"].get<std::string>());
    CHECK(tokenizer.row(text, 77, true) == row["tokenize_truncate"].get<Ids>());
    if (row["error"].is_null()) {
      CHECK(tokenizer.row(text) == row["tokenize"].get<Ids>());
    } else {
      CHECK_THROWS_AS(tokenizer.row(text), DataError);
    }
  }
}

TEST_CASE("1195 class names, prompts and random strings give the reference's ids") {
  const auto shared = shared_folder();
  MAO_SKIP_UNLESS(shared && clip_tokenizer(), "no given material or no CLIP vocabulary");
  int differing = 0;
  for (const auto& row : read_json_file(*shared / "prototypes/parts/gold_clip_tokens.json")) {
    const auto text = row["t"].get<std::string>();
    if (clip_tokenizer()->encode(text) == row["ids"].get<Ids>()) continue;
    ++differing;
    UNSCOPED_INFO(text);
  }
  CHECK(differing == 0);
}

TEST_CASE("public test vectors of CLIP's tokenizer") {
  MAO_SKIP_UNLESS(clip_tokenizer(), "no CLIP vocabulary");
  const std::vector<std::pair<std::string, Ids>> vectors = {
      {"a photo of a", {320, 1125, 539, 320}},
      {"X", {343}},
      {"x", {343}},
      {".", {269}},
      {"a photo of a cat.", {320, 1125, 539, 320, 2368, 269}},
      {"X X X X dog.", {343, 343, 343, 343, 1929, 269}},
      {"Annual Crop Land", {2906, 9955, 973}},
      {"2012 Tesla Model S Sedan", {273, 271, 272, 273, 12254, 2863, 338, 24237}},
      {"707-320", {278, 271, 278, 268, 274, 273, 271}},
      {"black-eyed Susan", {1449, 268, 15512, 10168}},
      {"colt's foot", {19726, 568, 4738}},
      {"Apply_Eye_Makeup", {4356, 318, 3272, 318, 5853}},
      {"Apply Eye Makeup", {4356, 3272, 5853}},
      {"don't", {847, 713}},
      {"Crème brûlée", {1075, 12138, 614, 711, 127, 119, 75, 13489}},
      {"a centered satellite photo of Sea or Lake.", {320, 24584, 10316, 1125, 539, 2102, 541, 2553, 269}}};
  for (const auto& [text, ids] : vectors) {
    INFO(text);
    CHECK(clip_tokenizer()->encode(text) == ids);
  }
}

TEST_CASE("encoding never throws, is deterministic and survives a round trip") {
  const ClipTokenizer tokenizer = small_tokenizer();
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    const std::string text = i % 2 == 0 ? random_bytes(random, 60) : random_text(random, 30);
    const Ids ids = tokenizer.encode(text);
    CHECK(ids == tokenizer.encode(text));
    CHECK(std::all_of(ids.begin(), ids.end(), [&](auto id) { return id >= 0 && id < tokenizer.size(); }));
    CHECK(tokenizer.row(text, 9, true).size() == 9);
    CHECK(tokenizer.decode(ids).size() >= clean_text(text).size() / 4);
  }
  CHECK(tokenizer.decode(tokenizer.encode("Lower LOW newer")) == "lower low newer ");
}

TEST_CASE("a small own vocabulary keeps CLIP's order of ids") {
  const ClipTokenizer tokenizer = small_tokenizer();
  CHECK(tokenizer.size() == 512 + 4 + 2);
  CHECK(tokenizer.start_token() == 516);
  CHECK(tokenizer.end_token() == 517);
  CHECK(tokenizer.encode("!") == Ids{256});
  CHECK(tokenizer.encode("low") == Ids{513});
  CHECK(tokenizer.encode("lower") == Ids{512, 'w' - '!', 514});
  CHECK(tokenizer.encode("a<|endoftext|>b") == Ids{256 + 'a' - '!', 517, 256 + 'b' - '!'});
  CHECK(tokenizer.encode("").empty());
  CHECK(tokenizer.row("low", 5) == Ids{516, 513, 517, 0, 0});
  CHECK(tokenizer.row("low low low", 4, true) == Ids{516, 513, 513, 517});
}

TEST_CASE("errors of the tokenizer say what came and what would work") {
  const ClipTokenizer tokenizer = small_tokenizer();
  CHECK_THROWS_AS(tokenizer.row("low low", 3), DataError);
  CHECK_THROWS_WITH(tokenizer.row("low low", 3), ContainsSubstring("'low low'") && ContainsSubstring("4 tokens") &&
                                                     ContainsSubstring("context length is 3"));
  CHECK_THROWS_AS(tokenizer.row("low", 1), OptionError);
  const Ids outside{518};
  CHECK_THROWS_WITH(tokenizer.decode(outside), ContainsSubstring("518"));
  CHECK_THROWS_AS(ClipTokenizer(MergeList{{"lo", "w"}}), FormatError);
}

TEST_CASE("threads share one tokenizer") {
  const ClipTokenizer tokenizer = small_tokenizer();
  const Ids expected = tokenizer.encode("newer lower low");
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (Ids& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) result = tokenizer.encode("newer lower low");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Ids& result : results) CHECK(result == expected);
}

TEST_CASE("hostile texts have the ids that OpenAI, open_clip and transformers give them") {
  MAO_SKIP_UNLESS(clip_tokenizer(), "no CLIP vocabulary");
  const MergeList& merges = clip_tokenizer()->merges();
  const auto rows = read_json_file(fs::path(source_dir()) / "tests/text/golden/clip_ids.json");
  REQUIRE(rows.size() > 200);
  for (const auto& [key, cleaning] : {std::pair{"openai", TextCleaning::OpenAi},
                                      {"open_clip", TextCleaning::OpenClip},
                                      {"transformers", TextCleaning::HuggingFace}}) {
    const ClipTokenizer tokenizer(merges, cleaning);
    CHECK(tokenizer.cleaning() == cleaning);
    for (const auto& row : rows) {
      const auto text = row["text"].get<std::string>();
      INFO(key << ": " << row["text"].dump());
      if (row[key].is_null()) {  // folders of transformers differ
        CHECK_THROWS_WITH(tokenizer.encode(text), ContainsSubstring("read in different ways"));
      } else {
        CHECK(tokenizer.encode(text) == row[key].get<Ids>());
      }
    }
  }
}

TEST_CASE("where nothing says whether OpenAI or open_clip made a model, a text that they read differently is refused") {
  MAO_SKIP_UNLESS(clip_tokenizer(), "no CLIP vocabulary");
  const ClipTokenizer tokenizer(clip_tokenizer()->merges(), TextCleaning::Either);
  for (const auto& row : read_json_file(fs::path(source_dir()) / "tests/text/golden/clip_ids.json")) {
    const auto text = row["text"].get<std::string>();
    INFO(row["text"].dump());
    if (row["openai"] == row["open_clip"]) {
      CHECK(tokenizer.encode(text) == row["openai"].get<Ids>());
    } else {
      CHECK_THROWS_WITH(tokenizer.encode(text), ContainsSubstring("nothing says whose model this is"));
    }
  }
}
