// SPDX-License-Identifier: Apache-2.0
// `mao base2new`, `few-shot`, `cross-dataset` and `plan` on the rendered tasks, as a user runs them.
#include <cmath>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::StartsWith;
using namespace mao_test;
using nlohmann::json;

json read(const fs::path& file) { return json::parse(mao::read_text_file(file)); }

// Runs of seconds.
Run short_protocol(const std::string& command, const fs::path& out) {
  return mao_program(command + " --epochs 2 --quiet --out " + quoted(out));
}

double total_of(const json& pairs) {
  double sum = 0;
  for (const auto& pair : pairs) sum += pair.at(2).get<double>();
  return sum;
}

}  // namespace

TEST_CASE("base2new runs each data set in a folder of its own and averages as the papers do", "[protocols]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "series";
  const std::string command = "base2new --datasets sketch disjoint --mao --new-epochs 1 --shots 2 --seeds 1 2";
  const Run run = short_protocol(command, out);
  INFO(run.output);
  REQUIRE(run.code == 0);
  double base = 0, fresh = 0;
  for (const char* name : {"sketch", "disjoint"}) {
    const json results = read(out / name / "results.json");
    CHECK(results.at("per_seed").size() == 2);
    base += results.at("paper").at("base").get<double>() / 2;
    fresh += results.at("paper").at("new").get<double>() / 2;
  }
  const std::string csv = mao::read_text_file(out / "summary.csv");
  std::string average;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("average") != std::string::npos && line.find("MAO") != std::string::npos) average = line;
  }
  CAPTURE(csv);
  char text[64];
  std::snprintf(text, sizeof text, "%.4f", 2 * base * fresh / (base + fresh));
  CHECK_THAT(average, ContainsSubstring(text));  // H of the averages
  CHECK_THAT(mao::read_text_file(out / "summary.md"), ContainsSubstring("Average (2 data sets)"));
  CHECK_THAT(short_protocol(command, out).output, ContainsSubstring("Average (2 data sets)"));  // done before
}

TEST_CASE("a run leaves what reports are made of", "[protocols]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const Run run = short_protocol("tune --data sketch --mao --new-epochs 1 --shots 2 --seeds 3", out);
  INFO(run.output);
  REQUIRE(run.code == 0);
  const json zero_shot = read(out / "zero_shot.json"), confusion = read(out / "seed3" / "confusion.json"),
             result = read(out / "seed3" / "result.json");
  CHECK(zero_shot.at("base") == read(out / "results.json").at("zero_shot").at("base"));
  for (const char* half : {"base", "new"}) {
    CAPTURE(half);
    const json& pairs = confusion.at(half).at("pairs");
    const std::size_t classes = confusion.at(half).at("classes").size();
    CHECK(zero_shot.at("per_class").at(half).size() == classes);
    double right = 0;
    for (const auto& pair : pairs) right += pair.at(0) == pair.at(1) ? pair.at(2).get<double>() : 0;
    CHECK(100 * right / total_of(pairs) == Approx(result.at("paper").at(half).get<double>()));
  }
  const json batches = read(out / "seed3" / "batches.json");
  CHECK(batches.at("hard").at("images").size() == batches.at("shuffled").at("images").size());
  for (const auto& image : batches.at("hard").at("images")) {
    double square = 0;
    for (const double value : image.at("features")) square += value * value;
    CHECK(square == Approx(1).epsilon(0.01));
    CHECK_THAT(image.at("thumbnail").get<std::string>(), StartsWith("data:image/png;base64,iVBOR"));
    CHECK(image.at("class").get<std::size_t>() < batches.at("hard").at("classes").size());
  }
  const std::string log = mao::read_text_file(out / "seed3" / "log.txt");
  CHECK_THAT(log, ContainsSubstring("Finish training") && ContainsSubstring("* accuracy: ") &&
                      ContainsSubstring("epoch [2/2] batch ["));
  CHECK(mao::read_text_file(out / "dassl" / "seed3" / "log.txt") == log);
  CHECK(std::distance(fs::directory_iterator(out / "seed3" / "tensorboard"), fs::directory_iterator()) == 1);
}

TEST_CASE("two processes do not share a run's folder", "[protocols]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const std::string program = quoted(mao_test::build_dir() + "/bin/mao") +
                              " tune --data sketch --shots 2 --seeds 1 --epochs 5000 --quiet --out " + quoted(out);
  const Run second = mao_test::shell("(" + program + " & pid=$!; while [ ! -e " + quoted(out / "run.lock.1") +
                                     " ]; do sleep 0.05; done; " + program +
                                     "; echo code $?; kill -INT $pid; wait $pid; echo code $?)");
  INFO(second.output);
  CHECK_THAT(second.output, ContainsSubstring("another process is at work in this folder") &&
                                ContainsSubstring("code 1\n") && ContainsSubstring("code 130"));
}

TEST_CASE("few-shot trains and tests on all classes, one run a number of shots", "[protocols]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "series";
  const Run run = short_protocol("few-shot --datasets sketch --shots 1 2 --seeds 1", out);
  INFO(run.output);
  REQUIRE(run.code == 0);
  for (const int shots : {1, 2}) {
    const fs::path folder = out / "sketch" / ("shots-" + std::to_string(shots));
    const json results = read(folder / "results.json"), config = read(folder / "config.json");
    CHECK(config.at("data").at("shots") == shots);
    CHECK(config.at("data").at("classes") == "all");
    CHECK(results.at("paper").at("base").get<double>() > 0);
    CHECK(results.at("paper").at("new").is_null());
    const json halves = read(folder / "seed1" / "confusion.json");
    CHECK_FALSE(halves.contains("new"));
  }
  const Run contradiction =
      mao_program("tune --data sketch --mao --class-split all --steps new --out " + quoted(out / "x"));
  CHECK(contradiction.code == 1);
  CHECK_THAT(contradiction.output, ContainsSubstring("--class-split all"));
}

TEST_CASE("cross-dataset tests the prompts of one data set on others", "[protocols]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "series";
  const Run run =
      short_protocol("cross-dataset --source sketch --targets disjoint shifted --mao --shots 2 --seeds 1 2", out);
  INFO(run.output);
  REQUIRE(run.code == 0);
  const json results = read(out / "sketch" / "results.json");
  CHECK(results.at("protocol") == "transfer");
  CHECK(results.at("targets").size() == 2);
  for (const char* target : {"disjoint", "shifted"}) {
    CAPTURE(target);
    const double mean = (results.at("per_seed")[0].at("targets").at(target).get<double>() +
                         results.at("per_seed")[1].at("targets").at(target).get<double>()) /
                        2;
    CHECK(results.at("targets").at(target).at("accuracy").get<double>() == Approx(mean));
    CHECK(results.at("zero_shot").at(target).get<double>() > 0);
  }
  const Run untuned = mao_program("eval --data disjoint --half all --json");
  INFO(untuned.output);
  CHECK(json::parse(untuned.output).at("accuracy").get<double>() ==
        Approx(results.at("zero_shot").at("disjoint").get<double>()));
  const Run missing = short_protocol("cross-dataset --source sketch --targets /no/such/set", out / "other");
  CHECK(missing.code == 1);
  CHECK_FALSE(fs::exists(out / "other"));
}

TEST_CASE("a plan measures every stage and writes nothing", "[protocols]") {
  const TemporaryFolder temporary;
  const Run run = mao_program("plan --data sketch --mao --seeds 1 2 --json --out " + quoted(temporary.path() / "run"));
  CHECK(run.code == 2);  // there is nothing to write, so there is no --out
  const Run plan = mao_program("plan --data sketch --mao --seeds 1 2 --json");
  INFO(plan.output);
  REQUIRE(plan.code == 0);
  const json found = json::parse(plan.output);
  REQUIRE(found.at("stages").size() == 2);
  double seed = 0;
  for (const auto& stage : found.at("stages")) {
    CHECK(stage.at("epochs") == 10);
    CHECK(stage.at("seconds_per_step").get<double>() > 0);
    seed += stage.at("seconds").get<double>();
  }
  CHECK(found.at("seconds").get<double>() == Approx(found.at("encoding_seconds").get<double>() + 2 * seed));
  CHECK(found.at("peak_mib").get<double>() > 10);
  CHECK_THAT(mao_program("plan --data sketch --seeds 1 --steps-measured 1").output,
             ContainsSubstring("note: these are estimates from 1 step of each stage"));
}
