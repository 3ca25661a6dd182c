// SPDX-License-Identifier: Apache-2.0
// `mao eval` and `mao add` of a run: which images they take, and which classes they call base and new.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

const std::vector<std::string> animals{"ant", "bee", "cat", "dog"};

/// Four classes, two pictures to train on and two to test on; `seed` chooses the pictures.
void write_animals(const TemporaryFolder& root, const std::string& folder, std::uint64_t seed) {
  for (const std::string& animal : animals) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      write_png(root / (folder + "/images/" + animal + std::to_string(i) + ".png"), random_image(8, 8, seed++));
    }
  }
}

/// A table of these pictures with the labels in the order of `classes`.
std::string table_of(const std::vector<std::string>& classes) {
  std::string text = "path,label,classname,split\n";
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (int i = 0; i < 4; ++i) {
      text += "images/" + classes[label] + std::to_string(i) + ".png," + std::to_string(label) + "," + classes[label] +
              (i < 2 ? ",train\n" : ",test\n");
    }
  }
  return text;
}

/// The program, run in a folder.
Run in_folder(const fs::path& folder, const std::string& arguments) {
  return shell("cd " + quoted(folder) + " && " + quoted(build_dir() + "/bin/mao") + " " + arguments);
}

/// Two folders with a table at the same relative path, and a run of the all-classes recipe on the first.
struct TwoPlaces {
  TemporaryFolder root;
  fs::path here = root / "here", there = root / "there";
  fs::path joined = here / "run/seed1/joined.prompts.safetensors";

  TwoPlaces() {
    write_animals(root, "here", 0);
    write_animals(root, "there", 100);
    for (const char* folder : {"here/t.csv", "there/t.csv"}) root.write(folder, table_of(animals));
    const Run tuned = in_folder(here,
                                "tune --data t.csv --recipe all-classes --method coop --epochs 1 --new-epochs 1 "
                                "--seeds 1 --shots 2 --batch 2 --feature-cache off --quiet --out run");
    INFO(tuned.output);
    REQUIRE(tuned.code == 0);
  }

  [[nodiscard]] std::string eval(const std::string& options = {}) const {
    return "eval " + quoted(joined) + " --feature-cache off " + options;
  }
  [[nodiscard]] std::string add(const std::string& options) const {
    return "add " + quoted(here / "run") + " --classes eel --images " + quoted(there / "images") +
           " --feature-cache off " + options;
  }
};

}  // namespace

TEST_CASE("prompts are not tested on other images that lie at the path of their own", "[eval]") {
  const TwoPlaces places;
  const std::string before = checked(places.eval("--json --data " + quoted(places.here / "t.csv"))).output;
  const Run own = in_folder(places.here, places.eval("--json"));
  CHECK(own.code == 0);
  CHECK(json::parse(own.output).at("accuracy") == json::parse(before).at("accuracy"));
  const Run other = in_folder(places.there, places.eval());
  CHECK(other.code == 1);
  CHECK_THAT(other.output, ContainsSubstring("the images of " + (places.there / "t.csv").string() +
                                             " are not those that the prompts were tuned with; different: test file "
                                             "contents") &&
                               ContainsSubstring("; to test on them as they are now, add --data t.csv"));
  CHECK(in_folder(places.there, places.eval("--data t.csv")).code == 0);  // a person may want to
  const Run nowhere = in_folder(places.root.path(), places.eval());
  CHECK(nowhere.code == 1);
  CHECK_THAT(nowhere.output,
             ContainsSubstring("--data t.csv: there is nothing at that path in " + places.root.path().string()));
}

TEST_CASE("only the images that a test reads are compared with those of the run", "[eval]") {
  const TwoPlaces places;
  write_png(places.here / "images/ant0.png", random_image(8, 8, 900));
  CHECK(in_folder(places.here, places.eval()).code == 0);
  const Run train = in_folder(places.here, places.eval("--split train"));
  CHECK(train.code == 1);
  CHECK_THAT(train.output, ContainsSubstring("different: training file contents"));
  write_png(places.here / "images/ant3.png", random_image(8, 8, 901));
  CHECK_THAT(in_folder(places.here, places.eval()).output, ContainsSubstring("different: test file contents"));
}

TEST_CASE("a gate is not learned from other images than those that the groups were trained on", "[eval]") {
  const TwoPlaces places;
  const Run other = in_folder(places.there, places.add("--gate learned --seed 1 --out new.prompts.safetensors"));
  INFO(other.output);
  CHECK(other.code == 1);
  CHECK_THAT(other.output, ContainsSubstring("the images of " + (places.there / "t.csv").string() +
                                             " are not those that the "
                                             "prompts were tuned with; different: training file contents") &&
                               ContainsSubstring("restore them (a relative path is looked up in the current folder)") &&
                               ContainsSubstring("--gate untuned"));
  CHECK_FALSE(fs::exists(places.there / "new.prompts.safetensors"));
  const Run own = in_folder(places.here, places.add("--gate learned --seed 1 --out new.prompts.safetensors"));
  INFO(own.output);
  CHECK(own.code == 0);
  CHECK(fs::exists(places.here / "new.prompts.safetensors"));
}

TEST_CASE("base and new classes are those of the run, in whatever order a table lists them", "[eval]") {
  const TwoPlaces places;
  const std::string note = "note: base classes are those that the prompts were tuned on with labels, wherever the data";
  const auto reversed = quoted(places.root.write("here/r.csv", table_of({animals.rbegin(), animals.rend()})));
  const auto same = quoted(places.here / "t.csv");
  for (const std::string half : {"base", "new", "all"}) {
    CAPTURE(half);
    const std::string options = "--per-class --half " + half + " --data ";
    const json of_run = json::parse(checked(places.eval("--json " + options + same)).output);
    const json of_table = json::parse(checked(places.eval("--json " + options + reversed)).output);
    CHECK(of_table.at("accuracy") == of_run.at("accuracy"));
    CHECK(of_table.at("per_class") == of_run.at("per_class"));
    CHECK(of_table.value("all_classes", json()) == of_run.value("all_classes", json()));
    CHECK_THAT(checked(places.eval(options + reversed)).output, ContainsSubstring(note));
    CHECK_THAT(checked(places.eval(options + same)).output, !ContainsSubstring(note));
  }
  const std::string base = quoted(places.here / "run/seed1/base.prompts.safetensors");
  const Run alone = mao_program("eval " + base + " --feature-cache off --half base --per-class --data " + reversed);
  INFO(alone.output);
  CHECK(alone.code == 0);
  CHECK_THAT(alone.output, ContainsSubstring("ant") && ContainsSubstring("bee") && !ContainsSubstring("dog"));
}

TEST_CASE("data with base classes alone, or with new ones alone, has one half", "[eval]") {
  const TwoPlaces places;
  const std::string prompts =
      "eval " + quoted(places.here / "run/seed1/new.prompts.safetensors") + " --feature-cache off ";
  const auto tested = [&](const std::string& half, const std::vector<std::string>& classes) {
    const fs::path list = places.root.write("here/part.csv", table_of(classes));
    return mao_program(prompts + "--half " + half + " --data " + quoted(list));
  };
  CHECK_THAT(tested("base", {"ant", "bee"}).output, ContainsSubstring("of 4)") && ContainsSubstring(", 2 classes"));
  CHECK_THAT(tested("new", {"cat", "dog"}).output, ContainsSubstring("of 4)") && ContainsSubstring(", 2 classes"));
  const Run known = tested("new", {"ant", "bee"}), fresh = tested("base", {"cat", "dog"});
  CHECK(known.code == 1);
  CHECK_THAT(known.output,
             ContainsSubstring("tuned on labelled images of all of the classes of this data (2), so it ") &&
                 ContainsSubstring("--half all"));
  CHECK(fresh.code == 1);
  CHECK_THAT(fresh.output, ContainsSubstring("of none of the classes of this data (2), so it has no base classes"));
}

TEST_CASE("it is said what the data lacks, and that it may hold images that were trained on", "[eval]") {
  const TwoPlaces places;
  const std::string may = "note: this is not the data of the run as it was, so the prompts may have been trained on";
  const std::string base = quoted(places.here / "run/seed1/base.prompts.safetensors");
  std::string misspelt = table_of(animals);
  for (std::size_t at = 0; (at = misspelt.find(",bee,", at)) != std::string::npos;) misspelt.replace(at, 5, ",beee,");
  const std::string list = quoted(places.root.write("here/m.csv", misspelt));
  for (const std::string half : {"base", "new", "all"}) {
    CHECK_THAT(checked("eval " + base + " --feature-cache off --half " + half + " --data " + list).output,
               ContainsSubstring("note: this data lacks 1 of 2 classes that the prompts were tuned for: bee (did you "
                                 "mean beee?)"));
  }
  CHECK_THAT(checked("eval " + base + " --feature-cache off --data " + list).output, ContainsSubstring(may));
  const std::string own = checked(places.eval("--data " + quoted(places.here / "t.csv"))).output;
  CHECK_THAT(own, !ContainsSubstring("lacks") && !ContainsSubstring(may));
  CHECK_THAT(checked(places.eval("--data " + quoted(places.there / "t.csv"))).output, ContainsSubstring(may));
}

TEST_CASE("a prompts file where a model is expected is named as what it is", "[eval]") {
  const TwoPlaces places;
  const Run run = mao_program("eval --data " + quoted(places.here / "t.csv") + " --model " + quoted(places.joined));
  CHECK(run.code == 1);
  CHECK_THAT(run.output, ContainsSubstring("this is a prompts file, which `mao eval FILE` and"));
}
