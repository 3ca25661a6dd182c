// SPDX-License-Identifier: Apache-2.0
// --mean, --std and the files beside a checkpoint: what is printed, computed, kept, and refused.
#include <filesystem>
#include <fstream>
#include <string>

#include <ATen/ops/allclose.h>

#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/image_sources.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/short_transparency.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

const std::string half = " --mean 0.5 0.5 0.5 --std 0.5 0.5 0.5 ";

/// The embedded model in a folder of its own, with these pixels.
void copy_model(const fs::path& folder, const json& preprocess_cfg) {
  fs::create_directories(folder);
  for (const char* file : {"model.safetensors", "merges.txt", "config.json"}) {
    fs::copy_file(mao_test::embedded_model() / file, folder / file, fs::copy_options::overwrite_existing);
  }
  json config = json::parse(mao::read_text_file(mao_test::embedded_model() / "config.json"));
  if (preprocess_cfg.is_object()) config.update(preprocess_cfg);
  std::ofstream(folder / "config.json") << config.dump();
}

mao::Tensor features(const mao::Preprocess& preprocess, const fs::path& file) {
  const auto clip = mao::Clip::load(mao_test::embedded_model(),
                                    {.vocabulary = mao_test::embedded_model() / "merges.txt", .activation = {}});
  mao::LoaderOptions loader;
  loader.preprocess = preprocess;
  mao::FileImages source({file}, loader);
  const mao::Tensor rows = mao::FeatureImages::encode(clip, source).features();
  return rows / rows.norm(2, 1, true);
}

}  // namespace

TEST_CASE("encode prepares pixels as --mean and --std, or as the file beside the checkpoint", "[pixels]") {
  const TemporaryFolder temporary;
  const fs::path file = temporary / "a.png", out = temporary / "f.safetensors";
  mao_test::write_png(file, mao_test::random_image(70, 50, 1));
  const auto encoded = [&](const std::string& options) {
    const Run run = mao_program("encode --images " + quoted(file) + " --out " + quoted(out) + " " + options);
    INFO(run.output);
    REQUIRE(run.code == 0);
    return std::pair(mao::read_safetensors(out).tensors.at("image_features").clone(), run.output);
  };
  const auto [asked, said] = encoded(half);
  CHECK(at::allclose(asked, features(mao::Preprocess::symmetric(48), file), 0, 1e-6));
  CHECK_THAT(said, ContainsSubstring("mean 0.5 0.5 0.5, std 0.5 0.5 0.5 (mean and std as asked for, the rest as "));
  copy_model(temporary / "squash", {{"resize_mode", "squash"}, {"interpolation", "bilinear"}});
  const auto [squashed, why] = encoded("--model " + quoted(temporary / "squash"));
  const mao::Preprocess squash{.resolution = 48, .filter = mao::Filter::bilinear, .mode = mao::ResizeMode::squash};
  CHECK(at::allclose(squashed, features(squash, file), 0, 1e-6));
  CHECK_THAT(why, ContainsSubstring("images: resized to 48 x 48 px (bilinear); mean 0.48145467"));
  const std::string odd = "encode --images " + quoted(file) + " --out " + quoted(out);
  CHECK_THAT(mao_program(odd + " --std 0 1 1").output,
             ContainsSubstring("a deviation (std) of 0; expected a positive"));
  CHECK_THAT(mao_program(odd + " --mean 0.5").output, ContainsSubstring("--mean"));
}

TEST_CASE("transparency lies over white for a model with a preprocessor_config.json, and is dropped for others",
          "[pixels]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary / "f.safetensors", file = mao_test::image_golden("alpha.png");
  copy_model(temporary / "peer", {});
  const auto check_pixels = [&](const fs::path& folder, const mao::Preprocess& expected, const char* line) {
    const Run run =
        mao_program("encode --images " + quoted(file) + " --out " + quoted(out) + " --model " + quoted(folder));
    INFO(run.output);
    REQUIRE(run.code == 0);
    CHECK(at::allclose(mao::read_safetensors(out).tensors.at("image_features"), features(expected, file), 0, 1e-6));
    CHECK_THAT(run.output, ContainsSubstring(line));
    CHECK_THAT(mao_program("inspect " + quoted(folder)).output, ContainsSubstring(line));
  };
  const auto states = [&](const std::string& more) {
    std::ofstream(temporary / "peer/preprocessor_config.json") << R"({"size": 48, "crop_size": 48)" + more + "}";
  };
  mao::Preprocess pixels{.resolution = 48};
  check_pixels(temporary / "peer", pixels, "at the centre cut out; mean");
  const mao::Tensor dropped = features(pixels, file);
  states("");
  pixels.crop_rounds_down = true;
  pixels.transparency = mao::Transparency::white;
  check_pixels(temporary / "peer", pixels,
               "at the centre cut out (half pixels rounded down), transparency over white; mean");
  CHECK_FALSE(at::allclose(dropped, features(pixels, file), 0, 1e-2));
  states(R"(, "do_convert_rgb": false)");
  pixels.transparency = mao::Transparency::drop;
  check_pixels(temporary / "peer", pixels, "at the centre cut out (half pixels rounded down); mean");
}

TEST_CASE("an image whose transparency is damaged is listed by predict and datasets check", "[pixels]") {
  const TemporaryFolder temporary;
  copy_model(temporary / "peer", {});
  const fs::path bad = temporary / "data/ant/b.png";
  for (const char* name : {"ant/a.png", "bee/a.png", "bee/b.png"}) {
    mao_test::write_png(temporary / "data" / name, mao_test::random_image(50, 60, 2));
  }
  mao_test::write_png_with_short_transparency(bad, mao_test::random_image(50, 60, 3));
  const std::string predict = "(" + quoted(mao_test::build_dir() + "/bin/mao") +
                              " predict --classes ant bee --feature-cache off --json --model " +
                              quoted(temporary / "peer") + " " + quoted(temporary / "data") + " 2>/dev/null)";
  const Run dropped = mao_test::shell(predict);
  CHECK(dropped.code == 0);
  CHECK(json::parse(dropped.output).size() == 4);
  std::ofstream(temporary / "peer/preprocessor_config.json") << R"({"size": 48, "crop_size": 48})";
  const Run white = mao_test::shell(predict);
  INFO(white.output);
  CHECK(white.code == 1);
  const json answers = json::parse(white.output);
  REQUIRE(answers.size() == 4);
  CHECK(answers[2].contains("top"));
  CHECK(answers[3].at("image") == bad.string());
  CHECK_THAT(answers[3].at("error").get<std::string>(), ContainsSubstring("expected 6, one colour"));
  const std::string check = "datasets check " + quoted(temporary / "data");
  CHECK(mao_program(check).code == 0);
  const Run decoded = mao_program(check + " --decode");
  CHECK(decoded.code == 1);
  CHECK_THAT(decoded.output, ContainsSubstring("ant/b.png  (the PNG's transparency (tRNS) has 4 bytes") &&
                                 ContainsSubstring("only models that put white behind transparent pixels refuse it"));
}

TEST_CASE("mean and std travel with a run and its prompts", "[pixels]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary / "run", prompts = out / "seed1" / "plain.prompts.safetensors";
  const std::string tune = "tune --data sketch --shots 2 --epochs 1 --seeds 1 --out " + quoted(out) + " ";
  const Run run = mao_program(tune + half);
  INFO(run.output);
  REQUIRE(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("images: short side resized to 48 px"));
  const json config = json::parse(mao::read_text_file(out / "config.json"));
  CHECK(config.at("model").at("mean") == json({0.5, 0.5, 0.5}));
  CHECK_THAT(config.at("preprocess").get<std::string>(), ContainsSubstring("mean 0.5 0.5 0.5"));
  CHECK_THAT(mao_program(tune).output, ContainsSubstring("holds a run with other settings"));
  CHECK_THAT(mao_program(tune + half).output, ContainsSubstring("nothing to do"));
  const std::string eval = "eval " + quoted(prompts) + " --data sketch --half base --json ";
  const Run taken = mao_program(eval), given = mao_program(eval + half);
  CHECK(taken.code == 0);
  CHECK(taken.output == given.output);
  for (const std::string& command :
       {eval, "export " + quoted(temporary / "w.safetensors") + " --prompts " + quoted(prompts)}) {
    const Run other = mao_program(command + " --mean 0.4 0.4 0.4");
    INFO(other.output);
    CHECK(other.code == 1);
    CHECK_THAT(other.output, ContainsSubstring("the same weights, but images are prepared in another way"));
  }
}

TEST_CASE("a run with unfinished seeds does not continue with other weights under the same path", "[pixels]") {
  const TemporaryFolder temporary;
  copy_model(temporary / "m", {});
  const fs::path out = temporary / "run";
  const std::string tune = "tune --data sketch --shots 1 --epochs 1 --seeds 1 2 --model " + quoted(temporary / "m") +
                           " --out " + quoted(out);
  REQUIRE(mao_program(tune).code == 0);
  for (const char* file : {"results.json", "seed2"}) fs::remove_all(out / file);
  mao::TensorFile file = mao::read_safetensors(mao_test::embedded_model() / "model.safetensors");
  file.tensors.at("logit_scale") = file.tensors.at("logit_scale") + 0.5;
  fs::remove(temporary / "m/model.safetensors");
  mao::write_safetensors(temporary / "m/model.safetensors", file.tensors);
  const Run run = mao_program(tune);
  INFO(run.output);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("holds a run on another model than"));
  CHECK_FALSE(fs::exists(out / "seed2/result.json"));
  fs::copy_file(mao_test::embedded_model() / "model.safetensors", temporary / "m/model.safetensors",
                fs::copy_options::overwrite_existing);
  CHECK(mao_program(tune).code == 0);
}

TEST_CASE("an interrupted run does not resume when the file beside its checkpoint says other pixels", "[pixels]") {
  const TemporaryFolder temporary;
  copy_model(temporary / "m", {});
  const fs::path out = temporary / "run";
  const std::string tune =
      "tune --data sketch --shots 1 --epochs 1 --seeds 1 --model " + quoted(temporary / "m") + " --out " + quoted(out);
  REQUIRE(mao_program(tune).code == 0);
  fs::remove(out / "results.json");
  fs::remove(out / "seed1" / "result.json");
  copy_model(temporary / "m", {{"resize_mode", "squash"}});
  const Run run = mao_program(tune);
  INFO(run.output);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("preprocess: ") && ContainsSubstring("resize mode squash"));
}
