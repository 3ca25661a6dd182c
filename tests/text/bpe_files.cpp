// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/bpe_files.hpp>
#include <mao/text/detail/byte_symbols.hpp>

#include <mao/core/error.hpp>
#include <support/catch.hpp>
#include <support/text.hpp>

#include <nlohmann/json.hpp>

using namespace mao;

namespace {

/// The small tokenizer's vocabulary as `{"token": id}`, each id moved on by `shift`.
nlohmann::json vocabulary(const ClipTokenizer& tokenizer, std::int64_t shift) {
  nlohmann::json vocab = nlohmann::json::object();
  const auto& symbols = detail::byte_symbols();
  std::int64_t id = 0;
  const auto add = [&](const std::string& token) { vocab[token] = (id++ + shift) % tokenizer.size(); };
  for (const char* suffix : {"", "</w>"}) {
    for (const auto byte : symbols.order) add(symbols.symbol[byte] + suffix);
  }
  for (const auto& [left, right] : tokenizer.merges()) add(left + right);
  add("<|startoftext|>");
  add("<|endoftext|>");
  return vocab;
}

}  // namespace

TEST_CASE("every form of the same vocabulary gives the same tokenizer") {
  const mao_test::TemporaryFolder folder;
  const ClipTokenizer original = mao_test::small_tokenizer();
  const std::string text = "Lower low, newer lo!";
  original.save_merges(folder / "plain.txt");
  CHECK(ClipTokenizer::load(folder / "plain.txt").encode(text) == original.encode(text));
  const auto vocab = vocabulary(original, 0);
  nlohmann::json strings = nlohmann::json::array(), pairs = nlohmann::json::array();
  for (const auto& [left, right] : original.merges()) {
    strings.push_back(left + " " + right);
    pairs.push_back({left, right});
  }
  for (const auto& merges : {strings, pairs}) {
    const nlohmann::json all{{"model", {{"vocab", vocab}, {"merges", merges}}}};
    const auto file = folder.write("tokenizer.json", all.dump());
    CHECK(ClipTokenizer::load(file).encode(text) == original.encode(text));
    CHECK(ClipTokenizer::load(folder.path()).row(text) == original.row(text));
  }
  folder.write("vocab.json", vocab.dump());
  original.save_merges(folder / "merges.txt");
  for (const auto& path : {folder.path(), folder / "vocab.json", folder / "merges.txt"}) {
    CHECK(ClipTokenizer::load(path).encode(text) == original.encode(text));
  }
}

TEST_CASE("ids of a vocabulary in another order are kept, and then merges alone do not save it") {
  const mao_test::TemporaryFolder folder;
  const ClipTokenizer original = mao_test::small_tokenizer();
  folder.write("vocab.json", vocabulary(original, 7).dump());
  original.save_merges(folder / "merges.txt");
  const ClipTokenizer moved = ClipTokenizer::load(folder.path());
  CHECK(moved.encode("low") == ClipTokenizer::Ids{(513 + 7) % 518});
  CHECK(moved.end_token() == 6);
  CHECK(moved.decode(moved.encode("lower")) == "lower ");
  CHECK_THROWS_AS(moved.save_merges(folder / "out.txt"), OptionError);
}

TEST_CASE("vocabularies that cannot be used are named") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_WITH(ClipTokenizer::load(folder.path()), ContainsSubstring(folder.path().string()));
  CHECK_THROWS_AS(ClipTokenizer::load(folder / "absent.json"), FileError);
  CHECK_THROWS_AS(ClipTokenizer::load(folder.write("tokenizer.json", "{")), FormatError);
  CHECK_THROWS_AS(ClipTokenizer::load(folder.write("tokenizer.json", "{\"model\": 3}")), FormatError);
  std::filesystem::remove(folder / "tokenizer.json");
  folder.write("merges.txt", "l o\n");
  CHECK_THROWS_WITH(ClipTokenizer::load(folder.write("vocab.json", "{\"a\": 0}")),
                    ContainsSubstring("lacks the token"));
  CHECK_THROWS_AS(ClipTokenizer::load(folder.write("vocab.json", "{\"a\": -1}")), FormatError);
  CHECK_THROWS_AS(ClipTokenizer::load(folder.write("vocab.json", "[]")), FormatError);
}

TEST_CASE("the files of a Hugging Face folder bring its cleaning, tokenizer.json before vocab.json, unless said") {
  const mao_test::TemporaryFolder folder;
  const ClipTokenizer original = mao_test::small_tokenizer();
  original.save_merges(folder / "merges.txt");
  CHECK(ClipTokenizer::load(folder / "merges.txt").cleaning() == TextCleaning::OpenAi);
  folder.write("vocab.json", vocabulary(original, 7).dump());
  CHECK(ClipTokenizer::load(folder.path()).cleaning() == TextCleaning::HuggingFace);
  CHECK(ClipTokenizer::load(folder.path()).end_token() == 6);
  const nlohmann::json all{{"model", {{"vocab", vocabulary(original, 0)}, {"merges", {"l o"}}}}};
  folder.write("tokenizer.json", all.dump());
  CHECK(ClipTokenizer::load(folder.path()).end_token() == 517);
  CHECK(ClipTokenizer::load(folder.path()).encode("&lt;") != original.encode("&lt;"));
  folder.write("tokenizer_config.json", R"({"do_lower_case": false})");
  CHECK_THROWS_WITH(ClipTokenizer::load(folder.path()), ContainsSubstring("do_lower_case is false"));
  CHECK(ClipTokenizer::load(folder.path(), TextCleaning::OpenClip).encode("&lt;") == original.encode("&lt;"));
}
