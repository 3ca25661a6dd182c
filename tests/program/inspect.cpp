// SPDX-License-Identifier: Apache-2.0
// `mao inspect`: what was decided about a checkpoint, and from where.
#include <filesystem>
#include <fstream>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;

}  // namespace

TEST_CASE("inspect prints heads, activation, pooling, mask and eps, and where they were read", "[inspect]") {
  const auto run = mao_program("inspect " + quoted(mao_test::embedded_model()));
  INFO(run.output);
  CHECK(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("heads of 64, quick_gelu, eps 1e-05, reads the class token"));
  CHECK_THAT(run.output, ContainsSubstring("causal mask, reads the end-of-text token"));
  CHECK_THAT(run.output, ContainsSubstring("heads: 2 of the image tower, 2 of the text tower (as ") &&
                             ContainsSubstring("config.json says)"));
  CHECK_THAT(run.output, ContainsSubstring("activation: quick_gelu (as "));
  CHECK_THAT(run.output,
             ContainsSubstring("images: short side resized to 48 px (bicubic), the 48 x 48 px at the centre "
                               "cut out; mean") &&
                 ContainsSubstring("0.48145467 0.4578275 ") && ContainsSubstring("0.2757771 (as ") &&
                 ContainsSubstring("config.json says)"));
}

TEST_CASE("weights without their configuration are listed, and what they lack is said", "[inspect]") {
  const mao_test::TemporaryFolder folder;
  fs::copy_file(mao_test::embedded_model() / "model.safetensors", folder / "model.safetensors");
  const auto listed = mao_program("inspect " + quoted(folder.path()));
  INFO(listed.output);
  CHECK(listed.code == 0);
  CHECK_THAT(listed.output, ContainsSubstring("not a CLIP that can be used unchanged") &&
                                ContainsSubstring("attention heads") && ContainsSubstring("text_projection"));
  const auto tuned = mao_program("tune --data sketch --shots 1 --epochs 1 --quiet --vocab " +
                                 quoted(mao_test::embedded_model() / "merges.txt") + " --model " +
                                 quoted(folder.path()) + " --out " + quoted(folder / "run"));
  INFO(tuned.output);
  CHECK(tuned.code != 0);
  CHECK_THAT(tuned.output, ContainsSubstring("nothing says how many attention heads"));
}

TEST_CASE("inspect --verify looks at every file of a run, whatever is wrong with one", "[inspect]") {
  const mao_test::TemporaryFolder folder;
  const fs::path run = folder / "run", prompts = run / "seed1/plain.prompts.safetensors";
  REQUIRE(mao_program("tune --data sketch --shots 1 --epochs 1 --seeds 1 --quiet --out " + quoted(run)).code == 0);
  CHECK_THAT(mao_program("inspect " + quoted(run)).output,
             ContainsSubstring("is a run of mao tune: `mao report " + run.string()));
  const auto whole = mao_program("inspect --verify " + quoted(run));
  INFO(whole.output);
  CHECK(whole.code == 0);
  CHECK_THAT(whole.output, ContainsSubstring("plain.prompts.safetensors: intact, xxh64:") &&
                               ContainsSubstring("results.json: intact, xxh64:") &&
                               ContainsSubstring("metrics.jsonl: intact, 1 line") &&
                               ContainsSubstring("9 files, 0 damaged"));
  std::string content = mao::read_text_file(prompts);
  content[content.size() - 5] = static_cast<char>(content[content.size() - 5] ^ 4);
  std::ofstream(prompts, std::ios::binary) << content;
  std::ofstream(run / "empty.safetensors").close();
  fs::create_symlink("nowhere", run / "link.safetensors");
  const auto damaged = mao_program("inspect --verify " + quoted(run));
  INFO(damaged.output);
  CHECK(damaged.code == 1);
  CHECK_THAT(damaged.output,
             ContainsSubstring("plain.prompts.safetensors") && ContainsSubstring("empty.safetensors is empty") &&
                 ContainsSubstring("plain.checkpoint.safetensors: intact") && ContainsSubstring("10 files, 2 damaged"));
  const auto none = mao_program("inspect --verify " + quoted(run / "no_such_file"));
  CHECK(none.code == 1);
  CHECK_THAT(none.output, ContainsSubstring("there is no file or folder"));
}

TEST_CASE("the families that are read are listed with their files", "[inspect]") {
  const auto run = mao_program("models");
  INFO(run.output);
  CHECK(run.code == 0);
  for (const char* family : {"CLIP, ViT", "CLIP, ResNet", "SigLIP, SigLIP 2", "CLIP, BERT for texts",
                             "mobilenet-minilm", "embedded", "embedded-siglip"}) {
    CHECK_THAT(run.output, ContainsSubstring(std::string(family) + ": "));
  }
  CHECK_THAT(run.output, ContainsSubstring("spiece.model or tokenizer.json"));
}
