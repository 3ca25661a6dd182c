// SPDX-License-Identifier: Apache-2.0
// `mao tune`, `eval`, `predict` and `inspect` on the embedded model, as a user runs them.
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

// A run of seconds: MAO with short steps.
std::string short_run(const fs::path& out, const std::string& more = {}) {
  return "tune --data " + quoted(few_pictures()) +
         " --method coop --mao --shots 2 --epochs 3 --new-epochs 2 --seeds 1 2 --quiet --out " + quoted(out) + " " +
         more;
}

json results_of(const fs::path& run) { return json::parse(mao::read_text_file(run / "results.json")); }

std::string bytes_of(const fs::path& file) { return mao::read_text_file(file); }

}  // namespace

TEST_CASE("a run leaves results, metrics, configuration and prompts, and is not repeated", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const Run run = mao_program(short_run(out));
  INFO(run.output);
  REQUIRE(run.code == 0);
  const json results = results_of(out);
  for (const char* protocol : {"zero_shot", "paper", "single", "first"}) {
    CAPTURE(protocol);
    for (const char* key : {"base", "new", "h"}) {
      const double value = results.at(protocol).at(key);
      CHECK(value >= 0);
      CHECK(value <= 100);
    }
  }
  REQUIRE(results.at("per_seed").size() == 2);
  CHECK(results.at("per_seed")[1].at("seed") == 2);
  CHECK(json::parse(bytes_of(out / "config.json")).at("method").at("mao") == true);
  std::ifstream metrics(out / "metrics.jsonl");
  std::size_t lines = 0;
  for (std::string line; std::getline(metrics, line); ++lines) CHECK(json::parse(line).at("loss").is_number());
  CHECK(lines == 2 * (3 + 2));
  CHECK(mao::read_safetensors(out / "seed1" / "new.prompts.safetensors").metadata.at("method") == "coop");

  const std::string before = bytes_of(out / "metrics.jsonl");
  const Run again = mao_program(short_run(out));
  CHECK(again.code == 0);
  CHECK(bytes_of(out / "metrics.jsonl") == before);
  const Run other = mao_program(short_run(out, "--lr 0.01"));
  CHECK(other.code == 1);
  CHECK_THAT(other.output, ContainsSubstring("other settings (lr: default (0.0035) there, 0.01 now)"));
}

TEST_CASE("an option that does not fit leaves no run folder that refuses the mended command", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"--k 300", "--k 300: there are only 20 base classes"},
      {"--template nonsense", "expected a sentence with {}"},
      {"--similarity nowhere", "expected minilm, clip, or a file"},
      {"--context 16", "add --context-init"},
      {"--lr nan", "expected 0 or more, got nan"},
      {"--threads -1", "--threads: expected 0 or more, got -1"},
      {"--cache-mib 1 --cache-mib 2", "is given more than once"}};
  for (const auto& [options, answer] : mistakes) {
    CAPTURE(options);
    const Run run = mao_program(short_run(out, options));
    CHECK(run.code != 0);
    CHECK_THAT(run.output, ContainsSubstring(answer));
    CHECK_FALSE(fs::exists(out));
  }
  const std::string plain = "tune --data " + quoted(few_pictures()) + " --shots 2 --epochs 1 --out " + quoted(out);
  for (const char* seeds : {" --seeds -1", " --seeds 1 1", " --seeds 99999999999999999999"}) {
    CHECK_THAT(mao_program(plain + seeds).output, ContainsSubstring("expected"));
    CHECK_FALSE(fs::exists(out));
  }
  CHECK_THAT(mao_program(plain + " --seeds 1 --k 3").output,
             ContainsSubstring("--k would be ignored: it has no effect"));
}

TEST_CASE("eval takes the data that the prompts were tuned on, and says which", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  REQUIRE(mao_program("tune --data sketch --shots 2 --epochs 1 --seeds 1 --quiet --out " + quoted(out)).code == 0);
  const std::string prompts = quoted(out / "seed1" / "plain.prompts.safetensors");
  CHECK_THAT(mao_program("eval --half new " + prompts).output, ContainsSubstring("sketch: test images of new classes"));
  CHECK_THAT(mao_program("predict x.jpg --classes cat cat").output, ContainsSubstring("class 'cat' is given twice"));
}

TEST_CASE("a run that is interrupted goes on and ends with the same bytes", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path whole = temporary.path() / "whole", stopped = temporary.path() / "stopped";
  REQUIRE(mao_program(short_run(whole)).code == 0);
  // Interrupts it as soon as the first epoch is on disk, then again and again until it is done.
  const std::string program = quoted(mao_test::build_dir() + "/bin/mao") + " " + short_run(stopped);
  const Run first = mao_test::shell("(" + program + " & pid=$!; while [ ! -s " + quoted(stopped / "metrics.jsonl") +
                                    " ]; do sleep 0.05; done; kill -INT $pid; wait $pid)");
  INFO(first.output);
  CHECK((first.code == 130 || fs::exists(stopped / "results.json")));
  REQUIRE(mao_program(short_run(stopped)).code == 0);
  CHECK(bytes_of(stopped / "results.json") == bytes_of(whole / "results.json"));
  for (const char* file :
       {"seed1/base.prompts.safetensors", "seed1/new.prompts.safetensors", "seed2/new.prompts.safetensors"}) {
    CAPTURE(file);
    CHECK(mao::read_safetensors(stopped / file)
              .tensors.at("prompt_learner.ctx")
              .equal(mao::read_safetensors(whole / file).tensors.at("prompt_learner.ctx")));
  }
  CHECK(bytes_of(stopped / "metrics.jsonl") == bytes_of(whole / "metrics.jsonl"));
}

TEST_CASE("eval gives the accuracy that tune gave, on the model the prompts belong to", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run", prompts = out / "seed1" / "base.prompts.safetensors";
  REQUIRE(mao_program(short_run(out)).code == 0);
  const Run base = mao_program("eval " + quoted(prompts) + " --data " + quoted(few_pictures()) + " --half base --json");
  INFO(base.output);
  REQUIRE(base.code == 0);
  CHECK(json::parse(base.output).at("accuracy").get<double>() ==
        Approx(results_of(out).at("per_seed")[0].at("paper").at("base").get<double>()));
  const Run untuned = mao_program("eval --data " + quoted(few_pictures()) + " --half new --json");
  CHECK(json::parse(untuned.output).at("accuracy").get<double>() ==
        Approx(results_of(out).at("zero_shot").at("new").get<double>()));
  const Run inspected = mao_program("inspect " + quoted(prompts));
  CHECK_THAT(inspected.output, ContainsSubstring("prompt_learner.ctx") && ContainsSubstring("method: coop"));
}

TEST_CASE("a seed's log is not written to where a link leads", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run", victim = temporary.write("victim.txt", "untouched");
  const std::string tune = "tune --data sketch --shots 2 --epochs 1 --seeds 1 --quiet --out " + quoted(out);
  REQUIRE(mao_program(tune).code == 0);
  fs::remove(out / "results.json");
  fs::remove_all(out / "seed1");
  fs::create_directories(out / "seed1");
  fs::create_symlink(victim, out / "seed1" / "log.txt");
  const Run run = mao_program(tune);
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("seed1/log.txt is a symbolic link"));
  CHECK(bytes_of(victim) == "untouched");
}

TEST_CASE("rendered images on disk are a data set like any other", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path data = mao_test::rendered_sketch(temporary.path() / "sketch");
  const std::string kept = " --feature-cache " + quoted(temporary.path() / "kept");
  const Run files = mao_program("eval --data " + quoted(data) + " --half base --json" + kept);
  INFO(files.output);
  REQUIRE(files.code == 0);
  const Run rendered = mao_program("eval --data sketch --half base --json");
  CHECK(json::parse(files.output).at("correct") == json::parse(rendered.output).at("correct"));
  fs::path image;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (entry.path().extension() == ".png") image = entry.path();
  }
  const Run guess =
      mao_program("predict " + quoted(image) + " --classes 'plain red circle' 'striped blue star' --json" + kept);
  INFO(guess.output);
  REQUIRE(guess.code == 0);
  CHECK(json::parse(guess.output)[0].at("top").size() == 2);

  // A second run reads what the first kept, and says the same.
  const auto files_kept = [&] {
    const fs::directory_iterator entries(temporary.path() / "kept");
    return std::distance(fs::begin(entries), fs::end(entries));
  };
  CHECK(files_kept() == 2);
  CHECK(mao_program("eval --data " + quoted(data) + " --half base --json" + kept).output == files.output);
  CHECK(mao_program("eval --data " + quoted(data) + " --half base --json --feature-cache off").output == files.output);
  CHECK(files_kept() == 2);
  fs::resize_file(fs::directory_iterator(temporary.path() / "kept")->path(), 100);
  CHECK(mao_program("eval --data " + quoted(data) + " --half base --json" + kept).code == 0);

  // A place where nothing can be kept is refused when it was named, and said when it was not.
  const std::string eval = "eval --data " + quoted(data) + " --half base";
  const Run no_folder = mao_program(eval + " --feature-cache " + quoted(image / "kept"));
  CHECK(no_folder.code == 1);
  CHECK_THAT(no_folder.output, ContainsSubstring("the folder cannot be made"));
  const Run no_home = mao_test::shell("XDG_CACHE_HOME=" + quoted(image) + " " +
                                      quoted(mao_test::build_dir() + "/bin/mao") + " " + eval);
  CHECK(no_home.code == 0);
  CHECK_THAT(no_home.output, ContainsSubstring("note: image features are not kept between runs"));

  // Kept views of augmented images: asked for alone, the same in every run, refused without augmentation.
  const auto tune = [&](const std::string& out, const std::string& more) {
    return mao_program("tune --data " + quoted(data) + kept + " --shots 2 --epochs 2 --seeds 1 --out " +
                       quoted(temporary.path() / out) + more);
  };
  const Run views = tune("one", " --augment crop-flip --views 2");
  INFO(views.output);
  REQUIRE(views.code == 0);
  CHECK_THAT(views.output, ContainsSubstring("2 random crops of each image") && ContainsSubstring("MiB"));
  CHECK(tune("two", " --augment crop-flip --views 2").code == 0);
  CHECK(bytes_of(temporary.path() / "one" / "results.json") == bytes_of(temporary.path() / "two" / "results.json"));
  CHECK_THAT(tune("three", " --views 2").output, ContainsSubstring("not augmented"));
}

TEST_CASE("mistakes are answered in one line and leave nothing behind", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const Run nowhere = mao_program("tune --data /no/such/place --out " + quoted(out));
  CHECK(nowhere.code == 1);
  CHECK_THAT(nowhere.output, ContainsSubstring("/no/such/place"));
  CHECK_FALSE(fs::exists(out));
  const Run misspelt = mao_program("tune --epoch 3 --out " + quoted(out));
  CHECK(misspelt.code == 2);
  CHECK_THAT(misspelt.output, ContainsSubstring("--epoch") && ContainsSubstring("mao tune --help"));
  CHECK(mao_program("tune --data sketch --model /no/such/model --out " + quoted(out)).code == 1);
  CHECK_THAT(mao_program("tune --data sketch --device gpu --out " + quoted(out)).output,
             ContainsSubstring("expected cpu, cuda or cuda:N"));
  CHECK_THAT(mao_program("tune --data sketch --cuda-graphs --out " + quoted(out)).output,
             ContainsSubstring("expected --device cuda, got cpu"));
  CHECK(mao_program("tune --views 2 --data sketch --out " + quoted(out)).code == 1);
  CHECK(mao_program("predict missing.jpg --classes a b").code == 1);
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("a run is not written among images, nor into a folder of something else", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path data = temporary / "data";
  fs::copy(few_pictures() / "images", data, fs::copy_options::recursive);
  const std::string tune =
      "tune --method coop --epochs 1 --seeds 1 --shots 1 --quiet --data " + quoted(data) + " --out ";
  for (const fs::path& out : {data / "run", data / "runs" / "first"}) {
    const Run within = mao_program(tune + quoted(out));
    CHECK(within.code == 1);
    CHECK_THAT(within.output, ContainsSubstring("--out " + out.string() + " is within --data " + data.string()) &&
                                  ContainsSubstring("choose a folder outside"));
  }
  const Run here = shell("cd " + quoted(data) + " && " + quoted(build_dir() + "/bin/mao") + " tune --data . --seeds 1");
  CHECK(here.code == 1);
  CHECK_THAT(here.output, ContainsSubstring("--out mao-run is within --data ."));
  for (const fs::path& out : {data, temporary.path()}) {
    const Run other = mao_program(tune + quoted(out));
    CHECK(other.code == 1);
    CHECK_THAT(other.output, ContainsSubstring(out.string() + " holds the folder '") &&
                                 ContainsSubstring("is not the folder of a run; choose another --out"));
  }
  const fs::path pictures = temporary / "pictures";
  fs::create_directory(pictures);
  fs::copy(first_pictures(few_pictures(), 1).front(), pictures / "holiday.png");
  CHECK_THAT(mao_program(tune + quoted(pictures)).output,
             ContainsSubstring(pictures.string() + " holds the image 'holiday.png'"));
  const fs::path theirs = temporary / "theirs";
  fs::create_directory(theirs);
  std::ofstream(theirs / "config.json") << "{\"model_type\": \"clip\"}";
  CHECK_THAT(mao_program(tune + quoted(theirs)).output,
             ContainsSubstring(theirs.string() + " holds a config.json that mao has not written"));
  CHECK(bytes_of(theirs / "config.json") == "{\"model_type\": \"clip\"}");
  CHECK_FALSE(fs::exists(data / "run"));
  CHECK_FALSE(fs::exists(data / "config.json"));
  CHECK_FALSE(fs::exists(temporary / "config.json"));
}

TEST_CASE("a rendered task is not mistaken for a folder of its name without a word", "[tune]") {
  const TemporaryFolder temporary;
  fs::copy(few_pictures(), temporary / "sketch", fs::copy_options::recursive);
  const std::string in_folder = "cd " + quoted(temporary.path()) + " && " + quoted(build_dir() + "/bin/mao") + " ";
  const Run tuned = shell(in_folder + "tune --data sketch --method zero-shot --out run");
  CHECK(tuned.code == 0);
  CHECK_THAT(tuned.output, ContainsSubstring("there is also sketch in this folder; --data ./sketch uses that"));
  CHECK_THAT(shell(in_folder + "eval --data sketch --half base").output,
             ContainsSubstring("mao: note: there is also sketch in this folder"));
  CHECK_THAT(shell(in_folder + "datasets check sketch").output,
             ContainsSubstring("--data sketch means the rendered task; for this folder use --data ./sketch"));
}

TEST_CASE("options may come from a file; the command line wins and an unknown name is refused", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run", file = temporary.path() / "run.toml";
  std::ofstream(file) << "data = \"sketch\"\nshots = 2\nepochs = 1\nnew-epochs = 1\nmao = true\nseeds = [4, 5]\n";
  const Run run = mao_program("tune --config " + quoted(file) + " --shots 3 --quiet --out " + quoted(out));
  INFO(run.output);
  REQUIRE(run.code == 0);
  const json config = json::parse(bytes_of(out / "config.json"));
  CHECK(config.at("data").at("shots") == 3);
  CHECK(config.at("method").at("mao") == true);
  CHECK(config.at("seeds") == json({4, 5}));
  const auto refused = [&](const std::string& text, const std::string& line, const std::string& reason) {
    CAPTURE(text);
    std::ofstream(file) << text;
    const Run wrong = mao_program("tune --config=" + quoted(file) + " --out " + quoted(temporary.path() / "other"));
    CHECK(wrong.code != 0);
    CHECK_THAT(wrong.output, ContainsSubstring("run.toml:" + line + ": ") && ContainsSubstring(reason));
  };
  refused("data = 'sketch'  # a word\nshotz = 2\n", "2", "no option --shotz");
  refused("data = sketch\n", "1", "text in quotes");
  refused("shots = 2\nx\n", "2", "expected TOML: `name = value`");
  refused("\n\nshots = 0\n", "3", "--shots: expected a number above 0, got 0");
  refused("data = 'sketch'\nmethod = 'copo'\n", "2", "--method copo: no such method");
  refused("[part]\nshots = 1\n", "1", "section [part]");
  refused("config = 'other.toml'\n", "1", "cannot name another");
  refused("data = 'sketch'\nshotz = false\n", "2", "no option --shotz");
  refused("data = 'sketch'\nmao = 'yes'\n", "2", "--mao: expected true or false, got yes");
  refused("data = 'sketch'\nshots = [1, 2]\n", "2", "--shots: expected 1 value, got 1, 2");
  refused("data = 'sketch'\nshots = false\n", "2", "--shots: expected a value, got false");
  refused("shots = 1\nshots = 2\n", "2", "cannot redefine existing integer 'shots'");
  std::ofstream(file) << "method = 'coop'\n";
  const Run without_data = mao_program("tune --config " + quoted(file));
  CHECK(without_data.code == 2);
  CHECK(without_data.output.starts_with("mao tune needs --data "));  // no line of the file is at fault
}

TEST_CASE("class-specific prompts are tested on the classes they belong to", "[tune]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const std::string options = "tune --data " + quoted(few_pictures()) +
                              " --shots 2 --epochs 2 --seeds 1 --class-specific --quiet --out " + quoted(out);
  CHECK_THAT(mao_program(options).output, ContainsSubstring("--context-init"));
  CHECK_THAT(mao_program(options + " --context-init '' --mao").output, ContainsSubstring("--labeler none"));
  CHECK_FALSE(fs::exists(out));
  const Run run = mao_program(options + " --context-init ''");
  INFO(run.output);
  REQUIRE(run.code == 0);
  CHECK(results_of(out).at("paper").at("base").is_number());
  CHECK(results_of(out).at("paper").at("new").is_null());
  CHECK(mao_program(options + " --context-init ''").code == 0);  // finished runs print again
}
