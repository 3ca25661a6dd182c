// SPDX-License-Identifier: Apache-2.0
// `mao export` and `mao predict`: class weights say what the prompts say.
#include <fstream>
#include <string>

#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/image_sources.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::StartsWith;
using namespace mao_test;
using nlohmann::json;

// Prompts of a run of seconds.
fs::path tuned(const fs::path& out, const std::string& method) {
  const Run run = mao_program("tune --data " + quoted(few_pictures()) +
                              " --shots 2 --epochs 1 --seeds 1 --quiet --method " + method + " --out " + quoted(out));
  INFO(run.output);
  REQUIRE(run.code == 0);
  return out / "seed1" / "plain.prompts.safetensors";
}

}  // namespace

TEST_CASE("exported weights give the probabilities of mao predict, in C++ and for Python", "[export]") {
  const TemporaryFolder temporary;
  const fs::path prompts = tuned(temporary.path() / "run", "coop"), weights = temporary.path() / "head.safetensors",
                 pictures = temporary.path() / "pictures";
  mao_test::rendered_sketch(pictures, 8);
  const Run exported = mao_program("export " + quoted(weights) + " --prompts " + quoted(prompts) +
                                   " --classes 'plain red circle' 'striped blue star' 'dotted green square'");
  INFO(exported.output);
  REQUIRE(exported.code == 0);
  CHECK(mao::read_text_file(temporary.path() / "head.classes.txt") ==
        "plain red circle\nstriped blue star\ndotted green square\n");

  fs::path image;
  for (const auto& entry : fs::recursive_directory_iterator(pictures)) {
    if (entry.path().extension() == ".png") image = entry.path();
  }
  const std::string with =
      " --prompts " + quoted(prompts) +
      " --classes 'plain red circle' 'striped blue star' 'dotted green square' --feature-cache off";
  const json predicted = json::parse(mao_program("predict " + quoted(image) + with + " --json").output);
  const auto clip = mao::Clip::load(mao_test::embedded_model(),
                                    {.vocabulary = mao_test::embedded_model() / "merges.txt", .activation = {}});
  mao::LoaderOptions loader;
  loader.preprocess = clip.preprocess();
  mao::FileImages source({image}, loader);
  const mao::Tensor features = clip.encode_image(source.load({{.image = 0}}).pixels);
  const mao::TensorFile head = mao::read_safetensors(weights);
  const mao::Tensor logits = at::matmul(features / features.norm(2, 1, true), head.tensors.at("weight").t()) *
                             head.tensors.at("logit_scale").item<float>();
  const mao::Tensor probabilities = at::softmax(logits, 1);
  const auto names = json::parse(head.metadata.at("classes"));
  for (const auto& guess : predicted[0].at("top")) {
    const auto at = std::find(names.begin(), names.end(), guess.at("class")) - names.begin();
    CHECK(probabilities[0][at].item<double>() == Approx(guess.at("probability").get<double>()).margin(1e-4));
  }

  // Any pipeline can read it: safetensors is eight bytes of length, a JSON header, and the numbers.
  std::ofstream(temporary.path() / "head.py") << R"(import json, math, struct, sys
raw = open(sys.argv[1], "rb").read(); start = 8 + struct.unpack("<Q", raw[:8])[0]; head = json.loads(raw[8:start])
first, last = head["weight"]["data_offsets"]; rows, width = head["weight"]["shape"]
weight = [struct.unpack(f"<{width}f", raw[start + i:start + i + 4 * width]) for i in range(first, last, 4 * width)]
print(rows, all(math.isclose(sum(x * x for x in row), 1, abs_tol=1e-4) for row in weight), json.loads(head["__metadata__"]["classes"])[1])
)";
  const Run python = shell("python3 " + quoted(temporary.path() / "head.py") + " " + quoted(weights));
  CHECK(python.output == "3 True striped blue star\n");

  // Folders, the standard input and CSV.
  const Run folder = mao_program("predict " + quoted(image.parent_path()) + with + " --csv --top 1");
  const Run input = shell("printf '%s\\n' " + quoted(image) + " | " + quoted(mao_test::build_dir() + "/bin/mao") +
                          " predict -" + with + " --csv --top 1");
  CHECK_THAT(folder.output, StartsWith("image,rank,class,probability\n"));
  CHECK(std::count(folder.output.begin(), folder.output.end(), '\n') > 5);
  CHECK(std::count(input.output.begin(), input.output.end(), '\n') == 2);
  CHECK_THAT(input.output, ContainsSubstring(predicted[0].at("top")[0].at("class").get<std::string>()));
}

TEST_CASE("what no linear head can say is not exported as one", "[export]") {
  const TemporaryFolder temporary;
  const std::string out = "export " + quoted(temporary.path() / "head.safetensors") + " --prompts ";
  CHECK_THAT(mao_program(out + quoted(tuned(temporary.path() / "cocoop", "cocoop"))).output,
             ContainsSubstring("depend on the image"));
  CHECK_THAT(mao_program(out + quoted(tuned(temporary.path() / "vpt", "vpt"))).output,
             ContainsSubstring("prompts the image tower"));
  CHECK_THAT(mao_program(out + quoted(tuned(temporary.path() / "dept", "dept"))).output, ContainsSubstring("dept: "));
  CHECK_FALSE(fs::exists(temporary.path() / "head.safetensors"));
  const Run reference = mao_program("export --reference " + quoted(temporary.path() / "for-them") + " --prompts " +
                                    quoted(tuned(temporary.path() / "coop", "coop")));
  INFO(reference.output);
  CHECK(reference.code == 0);
  CHECK_THAT(reference.output, ContainsSubstring("model.pth.tar-1"));
}

TEST_CASE("a command does not write over what it reads, and says what it would write", "[export]") {
  const TemporaryFolder temporary;
  const fs::path prompts = tuned(temporary.path() / "run", "coop"), copy = temporary.path() / "model";
  fs::copy(mao_test::embedded_model(), copy);
  const auto refused = [&](const std::string& command, const std::string& message) {
    const Run run = mao_program(command);
    INFO(command << "\n" << run.output);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring(message));
  };
  const std::string lost = "is read by this command too, and would be lost",
                    weights = quoted(copy / "model.safetensors");
  REQUIRE(fs::exists(copy / "model.safetensors"));
  fs::create_symlink(prompts, temporary.path() / "link.safetensors");
  refused("export " + quoted(prompts) + " --prompts " + quoted(prompts), lost);
  refused("export " + quoted(temporary.path() / "link.safetensors") + " --prompts " + quoted(prompts), lost);
  refused("export " + weights + " --classes a b --model " + quoted(copy), lost);
  refused("encode --prompts " + quoted(prompts) + " --out " + quoted(prompts), lost);
  refused("encode --images x.png --model " + quoted(copy) + " --out " + weights, lost);
  const fs::path texts = temporary.path() / "texts.csv";
  std::ofstream(texts) << "red\n";
  refused("encode --texts-file " + quoted(texts) + " --out " + quoted(texts), lost);
  refused("export " + quoted(temporary.path() / "head.npz") + " --classes a b",
          "head.npz: expected the name of a *.safetensors file to write");
  refused("export " + quoted(temporary.path() / "head.safetensors") + " --classes \"$(printf 'a\\nb')\" c",
          "has a line break, and the list of names has one per line");
  CHECK_FALSE(fs::exists(temporary.path() / "head.safetensors"));
  CHECK(mao_program("inspect --verify " + quoted(temporary.path() / "run")).code == 0);
  const std::string other = " and is not a file of `mao e";
  refused("export " + weights + " --prompts " + quoted(prompts), "model.safetensors exists" + other + "xport`, so it");
  refused("encode --prompts " + quoted(prompts) + " --out " + weights, "model.safetensors exists" + other + "ncode`");
  for (const char* name : {"other.csv", "other.npz"}) {
    const fs::path out = temporary.write(name, "a photo, or a table");
    refused("encode --texts-file " + quoted(texts) + " --out " + quoted(out), name + (" exists" + other) + "ncode`");
  }
  temporary.write("mine.classes.txt", "a\nb\n");
  refused("export " + quoted(temporary.path() / "mine.safetensors") + " --classes a b",
          "mine.classes.txt exists and is not the list of classes beside a file of `mao export`");
  for (const std::string& command :
       {"export " + quoted(temporary.path() / "h.safetensors") + " --classes a b",
        "encode --texts-file " + quoted(texts) + " --out " + quoted(temporary / "f.csv"),
        "encode --texts-file " + quoted(texts) + " --out " + quoted(temporary / "f.npz")}) {
    for (const bool again : {false, true}) {
      const Run run = mao_program(command);
      INFO(command << "\n" << run.output);
      CHECK(run.code == 0);
      CHECK((run.output.find(" over an earlier file") != std::string::npos) == again);
    }
  }
  const std::string reference =
      "export --reference " + quoted(temporary / "for-them") + " --prompts " + quoted(prompts);
  for (int time = 0; time < 2; ++time) CHECK(mao_program(reference).code == 0);
  temporary.write("for-them/prompt_learner/model.pth.tar-1", "another program's");
  refused(reference, "model.pth.tar-1 exists and is not a checkpoint that mao wrote");
}

TEST_CASE("options that a command has no use for are refused by name", "[export]") {
  const TemporaryFolder temporary;
  const std::string prompts = " --prompts " + quoted(tuned(temporary.path() / "run", "coop"));
  const auto refused = [&](const std::string& command, const std::string& message) {
    const Run run = mao_program(command);
    INFO(command << "\n" << run.output);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring(message));
  };
  const std::string out = quoted(temporary.path() / "out"), photo = " --template 'a photo of a {}.'";
  refused("predict x.png" + prompts + photo, "--template would be ignored");
  refused("eval " + prompts.substr(11) + photo, "--template would be ignored");
  refused("export " + out + prompts + photo, "--template would be ignored");
  refused("export " + out + " --reference --classes a b" + prompts, "--classes would be ignored");
  refused("export " + out + " --reference --classes-file names.txt" + prompts, "--classes-file would be ignored");
  refused("export " + quoted(temporary.path() / "head.safetensors") + " --classes a b --minilm folder",
          "--minilm would be ignored");
  refused("predict x.png --classes a b --minilm folder", "--minilm would be ignored");
  refused("eval --data sketch --minilm folder", "--minilm would be ignored");
  refused("encode --images x.png --minilm folder --out f.csv", "--minilm would be ignored");
  refused("tune --data sketch --quiet --minilm folder --out " + out, "--minilm would be ignored");
  refused("predict x.png --classes a b --model a.pt --weights folder", "--weights would be ignored");
  refused("predict x.png --classes a b --model mobilenet-minilm --activation gelu", "--activation would be ignored");
}
