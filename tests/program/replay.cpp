// SPDX-License-Identifier: Apache-2.0
// `mao replay`, as a user runs it.
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/text/vocabulary.hpp>

#include <support/catch.hpp>
#include <support/golden.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;

/// " --vocab ..." where the given material has one; else the program searches.
std::string vocabulary_option() {
  const auto shared = shared_folder();
  const fs::path file = shared ? *shared / "data/text/bpe_simple_vocab_16e6.txt.gz" : fs::path();
  return fs::exists(file) ? " --vocab " + quoted(file) : "";
}

bool mini_lm_is_here() {
  try {
    return !mao::find_mini_lm().empty();
  } catch (const mao::FileError&) {
    return false;
  }
}

/// A copy of golden/coop that may be damaged, with the options that it needs away from its place.
struct Copy {
  explicit Copy(const fs::path& golden) : folder(temporary / "coop") {
    fs::copy(golden / "coop", folder);
    for (const auto& file : fs::directory_iterator(folder))
      fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    arguments = "replay " + quoted(folder) + " --clip " + quoted(golden / "tiny_clip.safetensors") + " --batches " +
                quoted(golden / "batches.safetensors") + vocabulary_option();
  }

  /// Adds `shift` to the first entry of an fp32 tensor.
  void shift(const std::string& file, const std::string& tensor, float shift) const {
    std::fstream stream(folder / file, std::ios::in | std::ios::out | std::ios::binary);
    std::array<unsigned char, 8> size{};
    stream.read(reinterpret_cast<char*>(size.data()), 8);
    std::size_t length = 0;
    for (std::size_t i = 8; i-- > 0;) length = length << 8 | size[i];
    std::string header(length, ' ');
    stream.read(header.data(), static_cast<std::streamsize>(length));
    const auto begin = nlohmann::json::parse(header).at(tensor).at("data_offsets").at(0).get<std::size_t>();
    const auto place = static_cast<std::streamoff>(8 + length + begin);
    float value = 0;
    stream.seekg(place).read(reinterpret_cast<char*>(&value), sizeof value);
    value += shift;
    stream.seekp(place).write(reinterpret_cast<const char*>(&value), sizeof value);
    REQUIRE(stream.good());
  }

  /// Adds an fp32 tensor of one entry, 0.5.
  void add(const std::string& file, const std::string& tensor) const {
    std::ifstream in(folder / file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    auto header = nlohmann::json::parse(bytes.substr(8, length));
    const std::size_t end = bytes.size() - 8 - length;
    header[tensor] = {{"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {end, end + 4}}};
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    length = text.size();
    const float value = 0.5F;
    std::ofstream out(folder / file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << text << bytes.substr(bytes.size() - end);
    out.write(reinterpret_cast<const char*>(&value), sizeof value);
  }

  /// Replaces text in a JSON file.
  void replace(const std::string& file, const std::string& from, const std::string& to) const {
    std::ifstream in(folder / file);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    std::ofstream(folder / file) << text.replace(at, from.size(), to);
  }

  TemporaryFolder temporary;
  fs::path folder;
  std::string arguments;
};

}  // namespace

TEST_CASE("the given traces pass at their tolerances", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  for (const char* name : {"golden0", "coop", "coop.init", "coop.csc", "mao_regB", "ivlp", "maple", "promptsrc", "mao",
                           "cocoop", "kgcoop", "prograd", "tcp", "dept", "coprompt", "promptkd", "dpc"}) {
    const Run run = mao_program("replay " + quoted(*golden / name) + vocabulary_option());
    CAPTURE(name, run.output);
    CHECK(run.code == 0);
    CHECK_THAT(run.output, ContainsSubstring("tolerance") && !ContainsSubstring("FAILED"));
  }
}

TEST_CASE("sentence embeddings pass, alone and after another folder", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden && mini_lm_is_here(), "no golden traces or no MiniLM on this machine");
  const Run run = mao_program("replay " + quoted(*golden / "mao_regB") + " " + quoted(*golden / "minilm"));
  CAPTURE(run.output);
  CHECK(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("top8_mao") && ContainsSubstring("2 of 2 passed"));
}

TEST_CASE("steps and folders are counted on a terminal", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  MAO_SKIP_UNLESS(mao_test::shell("command -v script").code == 0, "script of util-linux is not here");
  const std::string mao = quoted(mao_test::build_dir() + "/bin/mao") + " replay ";
  const std::string folders = quoted(*golden / "golden0") + " " + quoted(*golden / "coop") + vocabulary_option();
  const Run run = mao_test::shell("script -qec \"" + mao + folders + "\" /dev/null");
  CAPTURE(run.output);
  CHECK(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("replay 2/2 coop [========================] "));
}

TEST_CASE("an undamaged copy passes away from its parent folder", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const Copy copy(*golden);
  const Run run = mao_program(copy.arguments);
  CAPTURE(run.output);
  CHECK(run.code == 0);
}

TEST_CASE("one wrong entry anywhere fails, and the row that saw it is named", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const std::array<std::array<const char*, 3>, 8> damages{{
      {"steps.safetensors", "step0.logits", "logits, step 0"},
      {"steps.safetensors", "step4.logits", "logits, later steps"},
      {"steps.safetensors", "step3.grad.prompt_learner.ctx", "gradient of prompt_learner.ctx"},
      {"steps.safetensors", "step5.param.prompt_learner.ctx", "prompt_learner.ctx after each step"},
      {"final.safetensors", "prompt_learner.ctx", "prompt_learner.ctx, final"},
      {"eval.safetensors", "logits", "evaluation logits"},
      {"eval_new.safetensors", "logits", "evaluation logits, new classes"},
      {"buffers.safetensors", "prompt_learner.token_suffix", "token_suffix"},
  }};
  for (const auto& [file, tensor, row] : damages) {
    const Copy copy(*golden);
    copy.shift(file, tensor, 1e-2F);
    const Run run = mao_program(copy.arguments);
    CAPTURE(file, tensor, run.output);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring(std::string("FAILED  ") + row));
  }
}

TEST_CASE("the rate comes from the settings, not from the trace", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const Copy copy(*golden);
  copy.replace("config.json", "\"WARMUP_EPOCH\": 1", "\"WARMUP_EPOCH\": 2");
  const Run run = mao_program(copy.arguments);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("FAILED  learning rate"));
}

TEST_CASE("parameters that the reference lists and never uses are left alone, and must stay", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const Copy copy(*golden);
  for (const char* file : {"init.safetensors", "final.safetensors"}) copy.add(file, "prompt_learner.bias_vectors");
  const Run unused = mao_program(copy.arguments);
  CAPTURE(unused.output);
  CHECK(unused.code == 0);
  CHECK_THAT(unused.output, ContainsSubstring("prompt_learner.bias_vectors, which the reference does not use"));
  copy.shift("final.safetensors", "prompt_learner.bias_vectors", 0.01F);
  CHECK(mao_program(copy.arguments).code == 1);
}

TEST_CASE("a setting that has no counterpart is named", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const Copy copy(*golden);
  copy.replace("config.json", "\"STAGED_LR\": false", "\"STAGED_LR\": true");
  const Run run = mao_program(copy.arguments);
  CAPTURE(run.output);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("STAGED_LR is true") && ContainsSubstring("DePT alone"));
}

TEST_CASE("truncated and missing files end in one sentence and 1", "[replay]") {
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const Copy copy(*golden);
  fs::resize_file(copy.folder / "final.safetensors", 100);
  Run run = mao_program(copy.arguments);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("mao: ") && ContainsSubstring("final.safetensors"));
  fs::remove(copy.folder / "steps.safetensors");
  run = mao_program(copy.arguments);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("steps.safetensors"));
}

TEST_CASE("a reference without a replay is told apart from a failure", "[replay]") {
  const TemporaryFolder temporary;
  temporary.write("config.json", R"({"reference": "Somewhere: trainers.nobody.Nobody"})");
  const Run run = mao_program("replay " + quoted(temporary.path()));
  CHECK(run.code == 2);
  CHECK_THAT(run.output, ContainsSubstring("no replay for Somewhere: trainers.nobody.Nobody yet; known:") &&
                             ContainsSubstring("CoOp"));
}

TEST_CASE("a folder of something else is refused", "[replay]") {
  const TemporaryFolder temporary;
  CHECK(mao_program("replay " + quoted(temporary.path())).code == 1);
  CHECK_THAT(mao_program("replay " + quoted(temporary.path())).output,
             ContainsSubstring("not a folder of golden traces"));
  CHECK_THAT(mao_program("replay " + quoted(temporary / "absent")).output, ContainsSubstring("there is no folder"));
}

TEST_CASE("help is there for everyone who asks, and for who asks wrongly", "[replay]") {
  CHECK(mao_program("--help").code == 0);
  CHECK(mao_program("--version").code == 0);
  CHECK_THAT(mao_program("--version").output, ContainsSubstring("mao 0."));
  for (const char* wrong : {"", "nonsense", "replay", "replay --nonsense x"}) {
    CAPTURE(wrong);
    const Run run = mao_program(wrong);
    CHECK(run.code != 0);
    CHECK_THAT(run.output, ContainsSubstring("--help"));
  }
}
