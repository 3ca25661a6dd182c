// SPDX-License-Identifier: Apache-2.0
// `mao encode`: features of pictures and texts as files, and what is refused.
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros_like.h>

#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/detail/zip_archive.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/prompts/templates.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::StartsWith;
using namespace mao_test;
using nlohmann::json;
using Names = std::vector<std::string>;

mao::Clip embedded() {
  return mao::Clip::load(mao_test::embedded_model(),
                         {.vocabulary = mao_test::embedded_model() / "merges.txt", .activation = {}});
}

mao::Tensor unit(const mao::Tensor& rows) { return rows / rows.norm(2, 1, true); }

mao::Tensor expected_images(const mao::Clip& clip, const std::vector<fs::path>& files) {
  mao::LoaderOptions loader;
  loader.preprocess = clip.preprocess();
  mao::FileImages source(files, loader);
  return unit(mao::FeatureImages::encode(clip, source).features());
}

// Three pictures, one of them in a folder below.
std::vector<fs::path> pictures(const fs::path& folder) {
  std::vector<fs::path> files{folder / "a.png", folder / "b" / "c.png", folder / "d.png"};
  for (std::size_t i = 0; i < files.size(); ++i) {
    mao_test::write_png(files[i], mao_test::random_image(40 + static_cast<int>(i), 30, i));
  }
  return files;
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

Names names_of(const mao::TensorFile& file, const char* key) { return json::parse(file.metadata.at(key)).get<Names>(); }

bool close(const mao::Tensor& left, const mao::Tensor& right, double tolerance = 1e-6) {
  return left.sizes() == right.sizes() && at::allclose(left, right, 0, tolerance);
}

// The content of a .npy entry behind its header, which has to hold `descr` and `shape`.
std::string array_of(const mao::ZipArchive& zip, const std::string& name, const std::string& descr,
                     const std::string& shape) {
  const auto bytes = zip.content(name + ".npy");
  const std::string text(bytes.begin(), bytes.end());
  REQUIRE(text.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t header = static_cast<unsigned char>(text[8]) + 256U * static_cast<unsigned char>(text[9]);
  CHECK((10 + header) % 64 == 0);
  CHECK(text.substr(10, header).find("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }") ==
        0);
  CHECK(text[9 + header] == '\n');
  return text.substr(10 + header);
}

}  // namespace

TEST_CASE("encode writes unit-length features of images and whole texts", "[encode]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "f.safetensors", texts = temporary.path() / "texts.txt";
  const auto files = pictures(temporary.path() / "pictures");
  write(texts,
        "\xEF\xBB\xBF"
        "a photo of a red circle.\r\na_blue  star {}\r\n");
  const Run run = mao_program("encode --images " + quoted(temporary.path() / "pictures") + " --texts-file " +
                              quoted(texts) + " --out " + quoted(out));
  INFO(run.output);
  REQUIRE(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("image_features [3, "));
  const mao::TensorFile file = mao::read_safetensors(out);
  const mao::Clip clip = embedded();
  CHECK(file.tensors.size() == 2);
  CHECK(close(file.tensors.at("image_features"), expected_images(clip, files)));
  const Names sentences{"a photo of a red circle.", "a_blue  star {}"};
  CHECK(close(file.tensors.at("text_features"), unit(mao::sentence_features(clip, sentences))));
  CHECK(names_of(file, "texts") == sentences);
  CHECK(names_of(file, "images") == Names{files[0].string(), files[1].string(), files[2].string()});
  CHECK(file.metadata.at("damaged") == "[]");
  CHECK(file.metadata.at("model") == clip.fingerprint());
  CHECK(file.metadata.at("format") == "mao-features");
}

TEST_CASE("encode takes lists of paths, and writes arrays for NumPy and tables", "[encode]") {
  const TemporaryFolder temporary;
  const auto files = pictures(temporary.path() / "pictures");
  const fs::path list = temporary.path() / "list.txt", texts = temporary.path() / "texts.txt",
                 npz = temporary.path() / "f.npz", csv = temporary.path() / "f.csv";
  write(list,
        "\xEF\xBB\xBF" + files[2].string() + "\r\n\r\n" + (temporary.path() / "pictures" / "b").string() + "\r\n");
  write(texts, "gr\xC3\xBCn, \"wei\xC3\x9F\"\nred");
  const std::string from = "encode --images-file " + quoted(list) + " --texts-file " + quoted(texts) + " --out ";
  REQUIRE(mao_program(from + quoted(npz)).code == 0);
  REQUIRE(mao_program(from + quoted(csv)).code == 0);
  const mao::Tensor want = expected_images(embedded(), {files[2], files[1]});
  const std::string width = std::to_string(want.size(1));

  const mao::ZipArchive zip(mao::map_bytes(npz));
  std::string values = array_of(zip, "image_features", "<f4", "(2, " + width + ")");
  CHECK(close(at::from_blob(values.data(), want.sizes(), at::kFloat), want));
  CHECK(array_of(zip, "text_features", "<f4", "(2, " + width + ")").size() == values.size());
  const std::string green = array_of(zip, "texts", "<U12", "(2,)");
  CHECK(green.substr(8, 8) == std::string("\xFC\0\0\0n\0\0\0", 8));  // U+00FC, n
  CHECK(green.substr(12 * 4 + 12) == std::string(36, '\0'));         // behind "red"
  array_of(zip, "damaged", "<U1", "(0,)");

  std::ifstream table(csv);
  std::string line;
  std::getline(table, line);
  CHECK_THAT(line, StartsWith("kind,name,0,1,2,"));
  std::getline(table, line);
  const std::string start = "image," + files[2].string() + ",";
  REQUIRE_THAT(line, StartsWith(start));
  CHECK(std::stof(line.substr(start.size())) == Approx(want[0][0].item<float>()).margin(1e-6));
  std::getline(table, line);
  std::getline(table, line);
  CHECK_THAT(line, StartsWith("text,\"gr\xC3\xBCn, \"\"wei\xC3\x9F\"\"\","));
  std::getline(table, line);
  CHECK_THAT(line, StartsWith("text,red,"));
}

TEST_CASE("encode answers for the images that are whole and names the others", "[encode]") {
  const TemporaryFolder temporary;
  const auto files = pictures(temporary.path());
  const fs::path cut = temporary.path() / "cut.png", gone = temporary.path() / "gone\xE9.png",
                 out = temporary.path() / "f.safetensors";
  write(cut, mao::read_text_file(files[0]).substr(0, 60));
  const Run run = mao_program("encode --images " + quoted(files[0]) + " " + quoted(cut) + " " + quoted(gone) + " " +
                              quoted(files[1]) + " --out " + quoted(out));
  INFO(run.output);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("\n  " + cut.string() + ": "));
  CHECK_THAT(run.output, ContainsSubstring("gone\\xE9.png"));
  CHECK_THAT(run.output, ContainsSubstring("mao: 2 of 4 images could not be read:"));
  const mao::TensorFile file = mao::read_safetensors(out);
  CHECK(close(file.tensors.at("image_features"), expected_images(embedded(), {files[0], files[1]})));
  CHECK(names_of(file, "images") == Names{files[0].string(), files[1].string()});
  const json damaged = json::parse(file.metadata.at("damaged"));
  REQUIRE(damaged.size() == 2);
  CHECK(damaged[0].at("path") == cut.string());
  fs::remove(out);
  const Run none = mao_program("encode --images " + quoted(cut) + " --out " + quoted(out));
  CHECK(none.code == 1);
  CHECK_THAT(none.output, ContainsSubstring("none of the 1 images could be read"));
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("encode refuses what it cannot do before it works", "[encode]") {
  const TemporaryFolder temporary;
  const auto refused = [&](const std::string& arguments) {
    const Run run = mao_program("encode --model /no/such/model " + arguments);
    CHECK(run.code == 1);
    return run.output;
  };
  const fs::path texts = temporary.path() / "texts.txt", out = temporary.path() / "f.csv";
  CHECK_THAT(refused("--images a.png --out features.pt"), ContainsSubstring(".safetensors, .npz or .csv"));
  CHECK_THAT(refused("--images a.png --out /no/such/folder/f.csv"), ContainsSubstring("there is no folder"));
  CHECK_THAT(refused("--out " + quoted(out)), ContainsSubstring("nothing to encode: give --images"));
  write(texts, "red\ncaf\xE9\n");
  const std::string from = "--out " + quoted(out) + " --texts-file " + quoted(texts);
  CHECK_THAT(refused(from), ContainsSubstring("line 2: 'caf\\xE9' holds the byte xE9"));
  write(texts, "red\n\nblue\n");
  CHECK_THAT(refused(from), ContainsSubstring("line 2 is empty"));
  write(texts, "");
  CHECK_THAT(refused(from), ContainsSubstring("holds no texts"));
}

TEST_CASE("features without a direction are refused by the name of their text", "[encode]") {
  const TemporaryFolder temporary;
  fs::copy(mao_test::embedded_model(), temporary.path() / "model");
  mao::TensorFile weights = mao::read_safetensors(mao_test::embedded_model() / "model.safetensors");
  mao::Tensor& projection = weights.tensors.at("text_projection");
  const fs::path out = temporary.path() / "f.safetensors", texts = temporary.path() / "texts.txt";
  write(texts, "red\nblue\n");
  const std::string command = "encode --weights " + quoted(temporary.path() / "model") + " --texts-file " +
                              quoted(texts) + " --out " + quoted(out);
  const mao::Tensor plain = projection.to(at::kFloat);
  projection = plain * 1e30;  // its squares are beyond fp32
  mao::write_safetensors(temporary.path() / "model" / "model.safetensors", weights.tensors, weights.metadata);
  REQUIRE(mao_program(command).code == 0);
  const mao::Clip clip = embedded();
  CHECK(close(mao::read_safetensors(out).tensors.at("text_features"),
              unit(mao::sentence_features(clip, {"red", "blue"}))));
  fs::remove(out);
  projection = at::zeros_like(plain);
  mao::write_safetensors(temporary.path() / "model" / "model.safetensors", weights.tensors, weights.metadata);
  const Run run = mao_program(command);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("the features of the text red hold NaN or Inf, or are all 0"));
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("encode through learned prompts gives the answers of predict", "[encode]") {
  const TemporaryFolder temporary;
  const auto files = pictures(temporary.path() / "pictures");
  const fs::path out = temporary.path() / "f.safetensors", names = temporary.path() / "names.txt";
  write(names, "plain red circle\nstriped blue star\n");
  const mao::Clip clip = embedded();
  const auto tuned = [&](const std::string& method) {
    const Run run =
        mao_program("tune --data " + quoted(few_pictures()) + " --shots 2 --epochs 1 --seeds 1 --quiet --method " +
                    method + " --out " + quoted(temporary.path() / method));
    INFO(run.output);
    REQUIRE(run.code == 0);
    return quoted(temporary.path() / method / "seed1" / "plain.prompts.safetensors");
  };
  for (const std::string method : {"coop", "vpt"}) {
    const std::string prompts = tuned(method), images = quoted(files[0]) + " " + quoted(files[1]);
    const Run run = mao_program("encode --prompts " + prompts + " --images " + images + " --texts-file " +
                                quoted(names) + " --out " + quoted(out));
    INFO(run.output);
    REQUIRE(run.code == 0);
    const mao::TensorFile file = mao::read_safetensors(out);
    CHECK(file.metadata.at("method") == method);
    CHECK(close(file.tensors.at("image_features"), expected_images(clip, {files[0], files[1]})) == (method == "coop"));
    const mao::Tensor probabilities = at::softmax(
        at::matmul(file.tensors.at("image_features"), file.tensors.at("text_features").t()) * clip.logit_scale(), 1);
    const json predicted = json::parse(mao_program("predict " + images + " --prompts " + prompts + " --classes-file " +
                                                   quoted(names) + " --feature-cache off --json")
                                           .output);
    for (std::int64_t row = 0; row < 2; ++row) {
      const json& best = predicted[static_cast<std::size_t>(row)].at("top")[0];
      const std::int64_t column = best.at("class") == "plain red circle" ? 0 : 1;
      CHECK(probabilities[row][column].item<double>() == Approx(best.at("probability").get<double>()).margin(1e-4));
    }
  }
  const Run cocoop = mao_program("encode --prompts " + tuned("cocoop") + " --out " + quoted(out));
  CHECK(cocoop.code == 1);
  CHECK_THAT(cocoop.output, ContainsSubstring("cocoop: its text features depend on the image"));
  const Run classes = mao_program("encode --prompts " + tuned("coop") + " --out " + quoted(out));
  CHECK(classes.code == 0);
  CHECK(mao::read_safetensors(out).tensors.size() == 1);
}

TEST_CASE("a text that is longer than the context is refused with file and line, or cut where that is asked for",
          "[encode]") {
  const TemporaryFolder temporary;
  const fs::path texts = temporary.path() / "texts.txt", out = temporary.path() / "f.safetensors";
  std::string words;
  for (int i = 0; i < 60; ++i) words += "red ";
  write(texts, "red circle\n" + words + "\n");
  const std::string command = "encode --texts-file " + quoted(texts) + " --out " + quoted(out);
  const Run refused = mao_program(command);
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output, ContainsSubstring("texts.txt: line 2: \"red red ") &&
                                 ContainsSubstring("tokens with start and end, the model takes ") &&
                                 ContainsSubstring("give --truncate to encode the first "));
  CHECK_FALSE(fs::exists(out));
  const Run cut = mao_program(command + " --truncate");
  INFO(cut.output);
  REQUIRE(cut.code == 0);
  const mao::Clip clip = embedded();
  CHECK(close(mao::read_safetensors(out).tensors.at("text_features"),
              unit(mao::sentence_features(clip, {"red circle", words}, mao::LongText::Cut))));
  write(texts, "red circle\nblue <|endoftext|>\n");
  CHECK_THAT(mao_program(command).output,
             ContainsSubstring("texts.txt: line 2: the text 'blue <|endoftext|>' holds the end-of-text token"));
  CHECK_THAT(mao_program("encode --truncate --images x.png --out " + quoted(out)).output,
             ContainsSubstring("--truncate would be ignored: there is no --texts-file"));
}
