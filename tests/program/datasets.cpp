// SPDX-License-Identifier: Apache-2.0
// `mao datasets`, and data sets by name, as a user meets them.
#include <string>

#include <nlohmann/json.hpp>

#include <mao/data/registry.hpp>
#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

// DescribableTextures' layout with four classes of twelve pictures; other counts than the published ones.
void write_textures(const TemporaryFolder& root) {
  json split{{"train", json::array()}, {"val", json::array()}, {"test", json::array()}};
  const std::vector<std::string> classes{"banded", "dotted", "striped", "woven"};
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (int i = 0; i < 12; ++i) {
      const std::string path = classes[label] + "/image_" + std::to_string(10 + i) + ".png";
      mao_test::write_png(root / ("dtd/images/" + path),
                          mao_test::random_image(8, 8, 12 * label + static_cast<std::size_t>(i)));
      split[i < 6 ? "train" : i < 8 ? "val" : "test"].push_back({path, label, classes[label]});
    }
  }
  root.write("dtd/split_zhou_DescribableTextures.json", split.dump());
}

std::string check(const TemporaryFolder& root, const std::string& more = {}) {
  return "datasets check " + quoted(root.path()) + " " + more;
}

}  // namespace

TEST_CASE("the data sets are listed with counts and templates", "[datasets]") {
  const Run list = mao_program("datasets");
  CHECK(list.code == 0);
  for (const auto& known : mao::named_datasets) {
    CHECK_THAT(list.output, ContainsSubstring(std::string(known.name)) && ContainsSubstring(std::string(known.folder)));
  }
  const json objects = json::parse(mao_program("datasets --json").output);
  REQUIRE(objects.size() == 15);
  CHECK(objects[2].at("template") == "a photo of a {}, a type of pet.");
  CHECK(objects[2].at("counts").at("base_test") == 1881);
}

TEST_CASE("one file removed, one cut short and one renamed are reported exactly so", "[datasets]") {
  const TemporaryFolder root;
  write_textures(root);
  const fs::path images = root / "dtd/images";
  fs::remove(images / "banded/image_10.png");
  fs::resize_file(images / "dotted/image_20.png", 90);
  fs::rename(images / "woven/image_16.png", images / "woven/IMG_2041.png");
  const Run run = mao_program(check(root, "--json"));
  CHECK(run.code == 1);
  const json report = json::parse(run.output);
  REQUIRE(report.at("datasets").size() == 15);
  const json& dtd = report.at("datasets")[8];
  REQUIRE(dtd.at("name") == "dtd");
  REQUIRE(dtd.at("problems").size() == 3);
  CHECK(dtd.at("problems")[0] == json{{"kind", "missing"}, {"split", "train"}, {"path", "banded/image_10.png"}});
  CHECK(dtd.at("problems")[1] ==
        json{{"kind", "renamed"}, {"split", "val"}, {"path", "woven/image_16.png"}, {"detail", "woven/IMG_2041.png"}});
  CHECK(dtd.at("problems")[2].at("kind") == "damaged");
  CHECK(dtd.at("problems")[2].at("path") == "dotted/image_20.png");
  CHECK(dtd.at("splits")[0] == json{{"split", "train"}, {"listed", 24}, {"present", 23}});
  CHECK(dtd.at("faults")[0].get<std::string>().starts_with("4 classes, expected 47"));
  const std::string text = mao_program(check(root, "dtd --decode")).output;
  CHECK_THAT(text, ContainsSubstring("DTD: INCOMPLETE"));
  CHECK_THAT(text, ContainsSubstring("missing: 1 image\n    train  banded/image_10.png\n"));
  CHECK_THAT(text,
             ContainsSubstring("renamed: 1 image\n    val  woven/image_16.png  (perhaps it is woven/IMG_2041.png now"));
  CHECK_THAT(text, ContainsSubstring("damaged: 1 image\n    test  dotted/image_20.png  ("));
}

TEST_CASE("data of one's own is checked the same way; what is not there counts when it is named", "[datasets]") {
  const TemporaryFolder root;
  write_textures(root);
  const std::string own = "datasets check " + quoted(root / "dtd");
  const Run whole = mao_program(own);
  CHECK_THAT(whole.output, ContainsSubstring("24 of 24 train, 8 of 8 val, 16 of 16 test images"));
  CHECK(whole.code == 0);
  fs::remove(root / "dtd/images/woven/image_20.png");
  CHECK(mao_program(own).code == 1);
  const Run named = mao_program(check(root, "eurosat"));
  CHECK(named.code == 1);
  CHECK_THAT(named.output, ContainsSubstring(": eurosat"));
  const Run unknown = mao_program(check(root, "cifar10"));
  CHECK(unknown.code == 1);
  CHECK_THAT(unknown.output, ContainsSubstring("'cifar10'") && ContainsSubstring("caltech101"));
  const Run rootless = mao_program("datasets check eurosat");
  CHECK(rootless.code == 1);
  CHECK_THAT(rootless.output, ContainsSubstring("no root before 'eurosat'"));
  const Run by_environment = mao_test::shell("MAO_DATA=" + quoted(root.path()) + " " +
                                             quoted(mao_test::build_dir() + "/bin/mao") + " datasets check dtd");
  CHECK_THAT(by_environment.output, ContainsSubstring("DTD: INCOMPLETE"));
  const TemporaryFolder empty;
  CHECK_THAT(mao_program(check(empty)).output, ContainsSubstring("the root is the folder above them"));
}

TEST_CASE("a half of the classes without test images is a fault, as tune refuses it", "[datasets]") {
  const TemporaryFolder root;
  for (std::size_t i = 0; i < 6; ++i) {
    mao_test::write_png(root / (std::to_string(i) + ".png"), mao_test::random_image(8, 8, i));
  }
  const std::string train =
      "path,classname,split\n0.png,ant,train\n1.png,bee,train\n2.png,cat,train\n3.png,dog,train\n";
  const fs::path half = root.write("half.csv", train + "4.png,ant,test\n"),
                 both = root.write("both.csv", train + "4.png,ant,test\n5.png,dog,test\n");
  const Run checked = mao_program("datasets check " + quoted(half));
  CHECK(checked.code == 1);
  CHECK_THAT(checked.output, ContainsSubstring("INCOMPLETE, ") &&
                                 ContainsSubstring("fault: there are no test images of the new classes (2 of 4)"));
  const std::string tune =
      "tune --method zero-shot --seeds 1 --feature-cache off --quiet --data " + quoted(half) + " --out ";
  CHECK(mao_program(tune + quoted(root / "base-new")).code == 1);
  CHECK(mao_program(tune + quoted(root / "all") + " --class-split all").code == 0);
  const Run good = mao_program("datasets check " + quoted(both));
  INFO(good.output);
  CHECK(good.code == 0);
  CHECK_THAT(good.output, ContainsSubstring("complete, ") && ContainsSubstring("4 of 4 train, 2 of 2 test images"));
}

TEST_CASE("a data set comes by name, with its own template", "[datasets]") {
  const TemporaryFolder root;
  write_textures(root);
  const std::string data = "--data DTD --root " + quoted(root.path());
  const Run eval = mao_program("eval " + data + " --half base --json --feature-cache off");
  INFO(eval.output);
  REQUIRE(eval.code == 0);
  const json result = json::parse(eval.output);
  CHECK(result.at("total") == 8);
  CHECK(result.at("templates") == json{"{} texture."});
  const Run lost = mao_program("eval --data dtd --feature-cache off");
  CHECK(lost.code == 1);
  CHECK_THAT(lost.output, ContainsSubstring("--root") && ContainsSubstring("MAO_DATA"));
  root.write("templates.txt", "a photo of a {}.\n{} up close.\n");
  const Run several =
      mao_program("eval " + data + " --json --feature-cache off --template " + quoted(root / "templates.txt"));
  INFO(several.output);
  CHECK(json::parse(several.output).at("templates").size() == 2);
  const Run neither = mao_program("eval " + data + " --template nothing --feature-cache off");
  CHECK_THAT(neither.output, ContainsSubstring("--template nothing"));
}

TEST_CASE("a run takes the few shots that CoOp has saved, and says when it does not", "[datasets]") {
  const TemporaryFolder root;
  const std::vector<std::string> paths{"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "a/9.jpg", "a/5.jpg", "b/5.jpg"};
  for (std::size_t i = 0; i < paths.size(); ++i) mao_test::write_png(root / paths[i], mao_test::random_image(8, 8, i));
  root.write("split_zhou_Tiny.json",
             R"({"train":[["a/1.jpg",0,"ant"],["a/2.jpg",0,"ant"],["b/1.jpg",1,"bee"],["b/2.jpg",1,"bee"]],)"
             R"("val":[["a/9.jpg",0,"ant"]],"test":[["a/5.jpg",0,"ant"],["b/5.jpg",1,"bee"]]})");
  const fs::path saved = root / "split_fewshot/shot_2-seed_1.pkl";  // of one image a class
  fs::create_directories(saved.parent_path());
  fs::copy_file(mao_test::image_golden("few_shot_4.pkl"), saved);
  const auto tune = [&](const std::string& run, const std::string& more) {
    return mao_program("tune --data " + quoted(root.path()) + " --class-split all --method coop --epochs 1 --seeds 1 " +
                       "--shots 2 --batch 2 --feature-cache off --out " + quoted(root / run) + " " + more);
  };
  const Run ours = tune("ours", "");
  INFO(ours.output);
  CHECK(ours.code == 0);
  CHECK_THAT(ours.output, ContainsSubstring("shot_2-seed_1.pkl holds other images"));
  const Run theirs = tune("theirs", "--shots-file " + quoted(root / "split_fewshot/shot_{shots}-seed_{seed}.pkl"));
  INFO(theirs.output);
  CHECK(theirs.code == 0);
  CHECK(theirs.output.find("other images") == std::string::npos);
  CHECK_THAT(theirs.output, ContainsSubstring("holds 1 images per class, and tables will say 2; give --shots 1"));
  CHECK(tune("saved", "--shots-file saved").output.find("other images") == std::string::npos);
  const Run absent = tune("absent", "--shots-file " + quoted(root / "absent.pkl"));
  CHECK(absent.code == 1);
  CHECK_THAT(absent.output, ContainsSubstring("absent.pkl"));
}
