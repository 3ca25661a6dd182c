// SPDX-License-Identifier: Apache-2.0
// A CLIP with a BERT for texts through the program: inspect, encode, tune, eval, predict, export, and what is refused.
#include <string>

#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/files.hpp>
#include <mao/models/bert_clip.hpp>
#include <mao/prompts/templates.hpp>

#include <support/bert_weights.hpp>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using mao::testing::relative_difference;
using nlohmann::json;

/// A model whose rows take a token for each letter of a prompt.
void write_model(const TemporaryFolder& folder) {
  mao::ClipArchitecture sizes = small_biomed_clip();
  sizes.context = 48;
  sizes.text_positions = 64;
  write_biomed_clip(folder, random_biomed_clip_weights(sizes), biomed_clip_config(sizes), small_bert_config(sizes));
}

mao::Tensor unit_of(const mao::Tensor& rows) { return rows / rows.norm(2, 1, true); }

}  // namespace

TEST_CASE("inspect and encode take a folder of BiomedCLIP's kind", "[bert_clip]") {
  const TemporaryFolder folder, temporary;
  write_model(folder);
  const Run shown = checked("inspect " + quoted(folder.path()));
  CHECK_THAT(shown.output, ContainsSubstring("a CLIP with a BERT for texts, with open_clip (CustomTextCLIP) names"));
  CHECK_THAT(shown.output, ContainsSubstring("3 heads of 16, gelu, eps 1e-12, a BERT, padding masked, reads the first "
                                             "token, a GELU layer before the projection"));
  CHECK_THAT(shown.output, ContainsSubstring("texts: WordPiece, cleaned as whitespace"));
  const fs::path image = temporary.path() / "a.png", out = temporary.path() / "f.safetensors";
  write_png(image, random_image(30, 20, 1));
  const std::string longer(100, '.');
  temporary.write("texts.txt", "A photo of an owl.\n" + longer + "\n");
  checked("encode --model " + quoted(folder.path()) + " --images " + quoted(image) + " --texts-file " +
          quoted(temporary.path() / "texts.txt") + " --out " + quoted(out));
  const auto model = mao::BertClip::load(folder.path());
  const mao::Tensor texts = mao::read_safetensors(out).tensors.at("text_features");
  CHECK(relative_difference(
            texts, unit_of(mao::sentence_features(model, {"a photo of an owl.", longer}, mao::LongText::Cut))) < 1e-4);
  const Run limited = mao_program("encode --model " + quoted(folder.path()) + " --memory-limit 100 --images " +
                                  quoted(image) + " --out " + quoted(out));
  CHECK(limited.code != 0);
  fs::remove(folder / "vocab.txt");
  const Run refused =
      mao_program("encode --model " + quoted(folder.path()) + " --images " + quoted(image) + " --out " + quoted(out));
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output, ContainsSubstring("put vocab.txt or tokenizer.json"));
}

TEST_CASE("prompts of a BERT are tuned, tested, used and exported", "[bert_clip]") {
  const TemporaryFolder folder, temporary;
  write_model(folder);
  const std::string tune = "tune --data sketch --shots 1 --epochs 1 --seeds 1 --quiet --model " +
                           quoted(folder.path()) + " --context-init '' --context 2 ";
  checked(tune + "--out " + quoted(temporary / "plain"));
  checked(tune + "--mao --out " + quoted(temporary / "mao"));
  const std::string prompts = quoted(temporary / "plain" / "seed1" / "plain.prompts.safetensors");
  const json results = json::parse(mao::read_text_file(temporary / "plain" / "results.json"));
  const Run again = checked("eval " + prompts + " --data sketch --half new --json");
  CHECK(json::parse(again.output).at("accuracy").get<double>() ==
        Approx(results.at("paper").at("new").get<double>()).margin(0.5));
  const fs::path image = temporary.path() / "a.png", head = temporary.path() / "head.safetensors";
  write_png(image, random_image(30, 20, 1));
  const std::string with = " --prompts " + prompts + " --classes 'plain red circle' 'striped blue star'";
  checked("export " + quoted(head) + with);
  checked("encode --prompts " + prompts + " --images " + quoted(image) + " --out " +
          quoted(temporary.path() / "f.safetensors"));
  const mao::TensorMap exported = mao::read_safetensors(head).tensors;
  const mao::Tensor pixels = mao::read_safetensors(temporary.path() / "f.safetensors").tensors.at("image_features");
  const mao::Tensor probabilities =
      at::softmax(at::matmul(pixels, exported.at("weight").t()) * exported.at("logit_scale").item<float>(), 1);
  const json predicted = json::parse(checked("predict " + quoted(image) + with + " --feature-cache off --json").output);
  for (const json& guess : predicted[0].at("top")) {
    const std::int64_t column = guess.at("class") == "plain red circle" ? 0 : 1;
    CHECK(probabilities[0][column].item<double>() == Approx(guess.at("probability").get<double>()).margin(1e-4));
  }
}

TEST_CASE("methods that prompt the image tower or deeper layers refuse it", "[bert_clip]") {
  const TemporaryFolder folder, temporary;
  write_model(folder);
  for (const char* method : {"vpt", "maple", "promptsrc"}) {
    const Run run = mao_program("tune --data sketch --shots 1 --epochs 1 --seeds 1 --quiet --model " +
                                quoted(folder.path()) + " --method " + method + " --out " + quoted(temporary / method));
    CHECK(run.code != 0);
    CHECK_THAT(run.output, ContainsSubstring("prompts deeper layers or the image tower, which this model does not "
                                             "support; tune only the text context"));
  }
}
