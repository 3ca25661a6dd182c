// SPDX-License-Identifier: Apache-2.0
#include <mao/text/piece_tokenizer.hpp>

#include <fstream>
#include <iterator>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/text.hpp>

using namespace mao;
using mao_test::TemporaryFolder;
using Ids = PieceTokenizer::Ids;
namespace fs = std::filesystem;

namespace {

/// Small models and what the peers make of texts with them; make_pieces.py wrote them.
fs::path pieces_folder() { return fs::path(mao_test::source_dir()) / "tests/text/golden/pieces"; }

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A folder as transformers writes it.
void make_folder(const TemporaryFolder& folder, const std::string& file, const std::string& name,
                 const std::string& config, const std::string& model_type = "siglip") {
  write(folder / name, read(pieces_folder() / file));
  if (!config.empty()) write(folder / "tokenizer_config.json", config);
  write(folder / "config.json", R"({"model_type": ")" + model_type + "\"}");
}

const std::string gemma_settings = R"("padding_side": "right", "add_bos_token": false, "add_eos_token": true})";

void check_rows(const PieceTokenizer& tokenizer, const std::string& key) {
  for (const auto& row : mao_test::read_json_file(pieces_folder() / "ids.json")) {
    CAPTURE(key, row["text"].dump());
    CHECK(tokenizer.encode(row["text"].get<std::string>()) == row[key].get<Ids>());
  }
}

std::string message_of(const fs::path& path) {
  try {
    PieceTokenizer::load(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// A copy of a JSON file with one value replaced.
void write_changed(const std::string& file, const fs::path& to, const std::string& place, const nlohmann::json& value) {
  auto json = mao_test::read_json_file(pieces_folder() / file);
  json[nlohmann::json::json_pointer(place)] = value;
  write(to, json.dump());
}

}  // namespace

TEST_CASE("models of SentencePiece give SentencePiece's ids") {
  check_rows(PieceTokenizer::load(pieces_folder() / "unigram.model"), "unigram");
  check_rows(PieceTokenizer::load(pieces_folder() / "bpe.model"), "bpe");
}

TEST_CASE("a folder gives the ids of the class of transformers that it names") {
  const TemporaryFolder siglip, bare, t5, gemma, siglip2, newer;
  make_folder(siglip, "unigram.model", "spiece.model", R"({"tokenizer_class": "SiglipTokenizer"})");
  check_rows(PieceTokenizer::load(siglip.path()), "SiglipTokenizer");
  make_folder(bare, "unigram.model", "spiece.model", "");
  check_rows(PieceTokenizer::load(bare.path()), "SiglipTokenizer");
  make_folder(t5, "t5.json", "tokenizer.json", R"({"tokenizer_class": "T5TokenizerFast", "extra_ids": 0})");
  check_rows(PieceTokenizer::load(t5.path()), "T5Tokenizer");
  make_folder(gemma, "gemma.json", "tokenizer.json", R"({"tokenizer_class": "GemmaTokenizer", )" + gemma_settings);
  check_rows(PieceTokenizer::load(gemma.path()), "GemmaTokenizer");
  make_folder(siglip2, "gemma.json", "tokenizer.json", R"({"tokenizer_class": "Siglip2Tokenizer", )" + gemma_settings);
  check_rows(PieceTokenizer::load(siglip2.path()), "Siglip2Tokenizer");
  make_folder(newer, "gemma.json", "tokenizer.json", R"({"tokenizer_class": "GemmaTokenizer", )" + gemma_settings,
              "siglip2");
  check_rows(PieceTokenizer::load(newer.path()), "Siglip2Tokenizer");
}

TEST_CASE("open_clip's cleaning comes before the tokenizer of the files") {
  const TemporaryFolder folder;
  make_folder(folder, "t5.json", "tokenizer.json", R"({"tokenizer_class": "T5Tokenizer", "extra_ids": 0})");
  for (const std::string name : {"canonicalize", "lower", "whitespace"}) {
    const auto tokenizer = PieceTokenizer::load(folder.path(), {.cleaning = piece_cleaning(name)});
    CHECK(name_of(tokenizer.cleaning()) == name);
    check_rows(tokenizer, name);
  }
  const auto canonical = PieceTokenizer::load(folder.path(), {.cleaning = PieceCleaning::Canonicalize});
  CHECK(canonical.encode("Fire_truck, RED!") == canonical.encode("fire truck red"));
  CHECK_THROWS_WITH(piece_cleaning("upper"), ContainsSubstring("'upper'; expected canonicalize"));
}

TEST_CASE("a row ends in the end token and is filled up") {
  const auto siglip = PieceTokenizer::load(pieces_folder() / "unigram.model");
  CHECK(siglip.end_token() == 1);
  CHECK(siglip.padding_token() == 1);
  CHECK(siglip.size() == 70);
  CHECK(siglip.piece(2) == "<unk>");
  CHECK_THROWS_AS(siglip.piece(70), OptionError);
  const auto gemma = PieceTokenizer::load(pieces_folder() / "bpe.model");
  CHECK(gemma.end_token() == 1);
  CHECK(gemma.padding_token() == 0);
  const Ids ids = gemma.encode("a red fox"), row = gemma.row("a red fox", 64);
  REQUIRE(row.size() == 64);
  CHECK(Ids(row.begin(), row.begin() + std::ssize(ids)) == ids);
  CHECK(row[ids.size()] == 1);
  CHECK(Ids(row.begin() + std::ssize(ids) + 1, row.end()) == Ids(63 - ids.size(), 0));
  const Ids cut = gemma.row("a red fox", 3, true);
  CHECK(cut == Ids{ids[0], ids[1], 1});
  CHECK_THROWS_WITH(gemma.row("a red fox", 3), ContainsSubstring("\"a red fox\" has ") && ContainsSubstring("takes 3"));
  CHECK(gemma.row("", 2) == Ids{1, 0});
  const auto other = PieceTokenizer::load(pieces_folder() / "unigram.model", {.padding_token = 0});
  CHECK(other.row("", 3) == Ids{1, 0, 0});
  CHECK_THROWS_AS(PieceTokenizer::load(pieces_folder() / "unigram.model", {.padding_token = 70}), OptionError);
}

TEST_CASE("bytes that are no UTF-8 are read as U+FFFD, and long texts are read") {
  std::mt19937 random(7);
  const auto unigram = PieceTokenizer::load(pieces_folder() / "unigram.model");
  const auto bpe = PieceTokenizer::load(pieces_folder() / "bpe.model");
  for (const auto* tokenizer : {&unigram, &bpe}) {
    CHECK(tokenizer->encode("a \xFF cat") == tokenizer->encode("a \uFFFD cat"));
    for (int i = 0; i < 200; ++i) {
      for (const std::int64_t id : tokenizer->encode(mao_test::random_bytes(random, 60))) {
        CHECK((id >= 0 && id < tokenizer->size()));
      }
    }
    CHECK(!tokenizer->encode(std::string(200000, 'a')).empty());
  }
}

TEST_CASE("damaged models are refused in one sentence") {
  const TemporaryFolder folder;
  for (const std::string name : {"unigram.model", "bpe.model"}) {
    const std::string whole = read(pieces_folder() / name);
    for (std::size_t size = 0; size < whole.size(); size += 1 + size / 40) {
      write(folder / name, whole.substr(0, size));
      try {
        PieceTokenizer::load(folder / name).encode("a photo of a cat");
      } catch (const Error& error) {
        CHECK(std::string(error.what()).find(name) != std::string::npos);
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
      }
    }
    std::mt19937 random(11);
    for (int i = 0; i < 300; ++i) {
      std::string changed = whole;
      for (int k = 0; k < 3; ++k) changed[random() % changed.size()] = static_cast<char>(random());
      write(folder / name, changed);
      try {
        PieceTokenizer::load(folder / name).encode("a photo of 日本 ½ \u0301");
      } catch (const Error&) {
      }
    }
  }
  write(folder / "text.model", "no model");
  CHECK_THAT(message_of(folder / "text.model"), ContainsSubstring("no SentencePiece model"));
  CHECK_THAT(message_of(folder / "missing.model"), ContainsSubstring("no tokenizer at"));
  const std::string piece = std::string("\x0A\x07\x0A\x01") + "a" + "\x18\x01\x10";  // a score of the wrong wire type
  write(folder / "wire.model", piece + std::string(1, '\0'));
  CHECK_THROWS_AS(PieceTokenizer::load(folder / "wire.model"), FormatError);
}

TEST_CASE("settings that are not read are refused by name") {
  const TemporaryFolder folder;
  const auto file = folder / "tokenizer.json";
  const auto refused = [&](const std::string& from, const std::string& place, const nlohmann::json& value) {
    write_changed(from, file, place, value);
    return message_of(file);
  };
  CHECK_THAT(refused("gemma.json", "/normalizer", {{"type", "Nmt"}}),
             ContainsSubstring("normalizer is {\"type\":\"Nmt\"}"));
  CHECK_THAT(refused("gemma.json", "/pre_tokenizer", {{"type", "ByteLevel"}}), ContainsSubstring("pre_tokenizer is "));
  CHECK_THAT(refused("gemma.json", "/model/type", "WordPiece"),
             ContainsSubstring("'WordPiece'; mao reads Unigram and BPE"));
  CHECK_THAT(refused("gemma.json", "/model/dropout", 0.5), ContainsSubstring("dropout is 0.5"));
  CHECK_THAT(refused("gemma.json", "/post_processor", nullptr), ContainsSubstring("post_processor is null"));
  CHECK_THAT(refused("gemma.json", "/model/merges/0", "a b c"), ContainsSubstring("expected two pieces"));
  CHECK_THAT(refused("gemma.json", "/model/merges/0", "nowhere there"),
             ContainsSubstring("which is not in the vocabulary"));
  CHECK_THAT(refused("gemma.json", "/model/vocab/<pad>", -4), ContainsSubstring("no usable id"));
  CHECK_THAT(refused("gemma.json", "/model/vocab/<pad>", 1), ContainsSubstring("have the same id"));
  CHECK_THAT(refused("gemma.json", "/added_tokens/0/single_word", true), ContainsSubstring("single_word is true"));
  CHECK_THAT(refused("gemma.json", "/padding", {{"direction", "Left"}}), ContainsSubstring("direction"));
  CHECK_THAT(refused("gemma.json", "/version", "2"), ContainsSubstring("version is \"2\", which"));
  CHECK_THAT(refused("gemma.json", "/truncation", 0), ContainsSubstring("truncation is 0, which"));
  CHECK_THAT(refused("gemma.json", "/padding", true), ContainsSubstring("padding is true, which"));
  CHECK_THAT(refused("gemma.json", "/added_tokens", nullptr), ContainsSubstring("added_tokens is null, which"));
  CHECK_THAT(refused("gemma.json", "/added_tokens/0/id", nullptr), ContainsSubstring("expected objects with \"id\""));
  CHECK_THAT(refused("gemma.json", "/added_tokens/0/special", nullptr), ContainsSubstring("special is null"));
  CHECK_THAT(refused("gemma.json", "/model/type", nullptr), ContainsSubstring("type is not a text"));
  CHECK_THAT(refused("gemma.json", "/post_processor/special_tokens/<eos>/ids", nlohmann::json::array()),
             ContainsSubstring("expected the id of '<eos>' in the vocabulary"));
  CHECK_THAT(refused("t5.json", "/model/unk_id", 400), ContainsSubstring("unk_id is 400"));
  CHECK_THAT(refused("t5.json", "/model/vocab/5", {"a", "b"}), ContainsSubstring("entry 5 of the vocabulary"));
  CHECK_THAT(refused("t5.json", "/model/vocab/5", {"<unk>", 0.0}), ContainsSubstring("'<unk>' stands twice"));
  CHECK_THAT(refused("t5.json", "/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "AAA="}}),
             ContainsSubstring("character map of its normalizer is damaged"));
  write(file, std::string(100000, '['));
  CHECK_THAT(message_of(file), ContainsSubstring("deeper than any tokenizer's file"));
}

TEST_CASE("a null is false where transformers takes it so, and is refused where transformers stops") {
  const TemporaryFolder siglip, stated;
  const std::string name = R"({"tokenizer_class": "SiglipTokenizer", )";
  const std::string text = "  A photo of a Cat.", marked = "</s> cat";
  for (const char* key : {"do_lower_case", "legacy"}) {
    CAPTURE(key);
    make_folder(siglip, "unigram.model", "spiece.model", name + "\"" + key + "\": null}");
    make_folder(stated, "unigram.model", "spiece.model", name + "\"" + key + "\": false}");
    const auto null = PieceTokenizer::load(siglip.path()), no = PieceTokenizer::load(stated.path());
    CHECK(null.encode(text) == no.encode(text));
    CHECK(null.encode(marked) == no.encode(marked));
  }
  for (const char* key : {"eos_token", "pad_token", "unk_token", "padding_side", "truncation_side",
                          "split_special_tokens", "model_input_names"}) {
    CAPTURE(key);
    make_folder(siglip, "unigram.model", "spiece.model", name + "\"" + key + "\": null}");
    CHECK_THAT(message_of(siglip.path()), ContainsSubstring(std::string(key) + " is null"));
  }
  make_folder(siglip, "t5.json", "tokenizer.json", R"({"tokenizer_class": "T5Tokenizer", "extra_ids": null})");
  CHECK_THAT(message_of(siglip.path()), ContainsSubstring("extra_ids is null"));
}

TEST_CASE("values of a tokenizer's files at which transformers stops are refused by key") {
  for (const std::string name : {"SiglipTokenizer", "GemmaTokenizer"}) {
    const auto refused = [&](const std::string& values, const std::string& message) {
      const TemporaryFolder folder;
      const bool siglip = name == "SiglipTokenizer";
      make_folder(folder, siglip ? "unigram.model" : "gemma.json", siglip ? "spiece.model" : "tokenizer.json",
                  "{\"tokenizer_class\": \"" + name + "\", " + values + ", " + gemma_settings);
      CAPTURE(name, values);
      CHECK_THAT(message_of(folder.path()), ContainsSubstring("tokenizer_config.json: " + message));
    };
    refused(R"("auto_map": null)", "auto_map is null");
    refused(R"("auto_map": {"AutoTokenizer": ["a.B", null]})", "auto_map is {\"AutoTokenizer\"");
    refused(R"("model_input_names": ["x"])", "model_input_names is [\"x\"], which");
    refused(R"("model_input_names": true)", "model_input_names is true");
    refused(R"("extra_special_tokens": true)", "extra_special_tokens is true");
    refused(R"("additional_special_tokens": "a")", "additional_special_tokens is \"a\"");
    refused(R"("mask_token": {"content": "a"})", "mask_token is {\"content\":\"a\"}");
    refused(R"("unk_token": [])", "unk_token is []");
    refused(R"("added_tokens_decoder": {"2": {"content": "a", "special": null}})",
            "added_tokens_decoder.2.special is null");
    refused(R"("added_tokens_decoder": {"2": "a"})", "added_tokens_decoder.2 is \"a\"");
  }
}

TEST_CASE("an added token that states the id of another piece is refused; one behind the vocabulary counts") {
  const auto config = [](const std::string& id, const std::string& content) {
    return R"("added_tokens_decoder": {")" + id + R"(": {"content": ")" + content + R"(", "special": true}})";
  };
  const TemporaryFolder siglip, gemma;
  const auto load = [&](const std::string& id, const std::string& content) {
    const std::string name = R"({"tokenizer_class": ")";
    make_folder(siglip, "unigram.model", "spiece.model", name + "SiglipTokenizer\", " + config(id, content) + "}");
    make_folder(gemma, "gemma.json", "tokenizer.json",
                name + "GemmaTokenizer\", " + config(id, content) + ", " + gemma_settings);
  };
  load("5", "zebra");
  CHECK_THAT(message_of(siglip.path()),
             ContainsSubstring("added_tokens_decoder.5 is 'zebra', but the vocabulary has '"));
  CHECK_THAT(message_of(gemma.path()), ContainsSubstring("the added token 'zebra' states the id 5, expected "));
  load("5000", "zebra");
  const auto tokenizer = PieceTokenizer::load(siglip.path());
  CHECK(tokenizer.size() == 5001);
  CHECK(tokenizer.encode("a zebra").back() == 5000);
}

TEST_CASE("folders that cannot be read as they are meant are refused") {
  const auto refused = [](const std::string& config, const std::string& file, const std::string& name) {
    const TemporaryFolder folder;
    make_folder(folder, file, name, config);
    return message_of(folder.path());
  };
  const std::string gemma = R"({"tokenizer_class": "GemmaTokenizer", )", json = "tokenizer.json";
  CHECK_THAT(refused(gemma + R"("padding_side": "left"})", "gemma.json", json),
             ContainsSubstring("padding_side is \"left\""));
  CHECK_THAT(refused(gemma + R"("add_eos_token": true})", "gemma.json", json),
             ContainsSubstring("padding_side is not stated"));
  CHECK_THAT(refused(gemma + R"("padding_side": "right", "add_bos_token": true})", "gemma.json", json),
             ContainsSubstring("add_bos_token is true"));
  CHECK_THAT(refused(gemma + R"("padding_side": "right", "add_bos_token": false})", "gemma.json", json),
             ContainsSubstring("add_eos_token is not true"));
  CHECK_THAT(refused(R"({"tokenizer_class": "LlamaTokenizer"})", "gemma.json", json),
             ContainsSubstring("LlamaTokenizer"));
  CHECK_THAT(refused(R"({"tokenizer_class": "SiglipTokenizer"})", "t5.json", json),
             ContainsSubstring("reads spiece.model"));
  CHECK_THAT(refused(R"({"tokenizer_class": "T5Tokenizer", "new_key": 3})", "t5.json", json),
             ContainsSubstring("new_key is 3"));
  const TemporaryFolder both;
  write(both / "spiece.model", read(pieces_folder() / "unigram.model"));
  write(both / "tokenizer.json", read(pieces_folder() / "t5.json"));
  CHECK_THAT(message_of(both.path()), ContainsSubstring("name the file instead of the folder"));
  const TemporaryFolder empty;
  CHECK_THAT(message_of(empty.path()), ContainsSubstring("no tokenizer in"));
}
