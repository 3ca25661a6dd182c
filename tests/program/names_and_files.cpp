// SPDX-License-Identifier: Apache-2.0
// Odd names, encodings, damaged and changed files, as a user meets them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/data/detail/decode_webp.hpp>
#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

void write_pictures(const TemporaryFolder& root, const std::string& folder, std::size_t count, std::uint64_t seed) {
  for (std::size_t i = 0; i < count; ++i) {
    mao_test::write_png(root / (folder + "/" + std::to_string(i) + ".png"), mao_test::random_image(8, 8, seed + i));
  }
}

/// A table of two classes, four pictures each, two of them to train on.
std::string table(const std::string& first, const std::string& second, const std::string& separator = "/") {
  std::string text = "path,label,classname,split\n";
  for (const std::string folder : {"a", "b"}) {
    for (int i = 0; i < 4; ++i) {
      text += folder + separator + std::to_string(i) + ".png," + (folder == "a" ? "0," + first : "1," + second) +
              (i < 2 ? ",train\n" : ",test\n");
    }
  }
  return text;
}

Run checked_data(const fs::path& path, const std::string& more = {}) {
  return mao_program("datasets check " + quoted(path) + " " + more);
}

std::string tune(const fs::path& data, const fs::path& out) {
  return "tune --data " + quoted(data) +
         " --class-split all --method coop --epochs 1 --seeds 1 --shots 2 --batch 2 "
         "--feature-cache off --out " +
         quoted(out);
}

/// What is on standard output alone.
Run standard_output(const std::string& arguments) {
  return mao_test::shell("{ " + quoted(mao_test::build_dir() + "/bin/mao") + " " + arguments + " 2>/dev/null; }");
}

std::string predict(const std::string& arguments) {
  return "predict --classes 'a red thing' 'a blue thing' --feature-cache off " + arguments;
}

}  // namespace

TEST_CASE("a file of class names that holds more than names, and an image among names, are refused", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 2, 20);
  const std::string image = quoted(root / "a/0.png");
  const auto refused = [&](const std::string& text, const char* message) {
    const std::string file = quoted(root.write("names.txt", text));
    const Run run = mao_program("predict " + image + " --feature-cache off --classes-file " + file);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("names.txt") && ContainsSubstring(message) &&
                               ContainsSubstring("expected text with one class name per line"));
  };
  refused("[\"tench\", \"goldfish\"]\n", "begins with '[', as JSON does");
  refused("{\"0\": \"tench\"}\n", "begins with '{', as JSON does");
  refused("n01440764 tench\nn01443537 goldfish\n", "every line begins with an id (n01440764)");
  refused("n01440764\ttench\nn01443537\tgoldfish\n", "'n01440764\\ttench' holds a tab");
  refused("0 tench\n1 goldfish\n", "the lines are numbered ('0 tench')");
  refused("1. tench\n2. goldfish\n", "the lines are numbered ('1. tench')");
  refused("# fish\ntench\n", "'# fish' begins as a comment does");
  refused("\"tench\",\n\"goldfish\"\n", "every line begins with a quotation mark");
  refused("path,classname\n1.jpg,tench\n", "the first line ('path,classname') is the header of a table");
  const Run comma = mao_program("predict " + image + " --classes tench, goldfish");
  CHECK(comma.code == 1);
  CHECK_THAT(comma.output, ContainsSubstring("'tench,' ends with a comma") && ContainsSubstring("by blanks"));
  const Run glued = mao_program("predict " + image + " --classes tench,goldfish");
  CHECK(glued.code == 1);
  CHECK_THAT(glued.output, ContainsSubstring("'tench,goldfish' would be one class") && ContainsSubstring("by blanks"));
  const Run picture = mao_program("predict " + image + " --classes tench goldfish " + quoted(root / "a/1.png"));
  CHECK(picture.code == 1);
  CHECK_THAT(picture.output, ContainsSubstring("a/1.png' is an image") && ContainsSubstring("before --classes"));
}

TEST_CASE("of one class it is said that it is certain", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 1, 20);
  const std::string image = quoted(root / "a/0.png");
  CHECK_THAT(mao_program("predict " + image + " --feature-cache off --classes tench").output,
             ContainsSubstring("note: there is one class, so each image is 100 % of it"));
}

TEST_CASE("class names that are one in a prompt are refused wherever they come from", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "same/red_thing", 4, 0);
  write_pictures(root, "same/Red thing", 4, 10);
  write_pictures(root, "a", 4, 20);
  write_pictures(root, "b", 4, 30);
  const auto names_both = [](const Run& run) {
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("'red_thing'") && ContainsSubstring("'Red thing'") &&
                               ContainsSubstring("in a prompt"));
  };
  names_both(checked_data(root / "same"));
  names_both(mao_program(tune(root / "same", root / "run")));
  CHECK_FALSE(fs::exists(root / "run"));
  names_both(checked_data(root.write("t.csv", table("red_thing", "Red thing"))));
  const std::string image = quoted(root / "a/0.png");
  names_both(mao_program("predict --classes red_thing 'Red thing' --feature-cache off " + image));
  const Run empty = mao_program("predict --classes '' 'Red thing' --feature-cache off " + image);
  CHECK(empty.code == 1);
  CHECK_THAT(empty.output, ContainsSubstring("is empty in a prompt"));
  CHECK_THAT(checked_data(root.write("e.csv", table("", "blue"))).output,
             ContainsSubstring("e.csv: line 2: the class name is empty"));
}

TEST_CASE("class names that are the same tokens to the model are refused wherever they come from", "[names]") {
  const TemporaryFolder root;
  for (const char* name : {"MiG-15", "MiG - 15", "a", "b"}) {
    write_pictures(root, std::string("same/") + name, 4, 0);
    write_pictures(root, name, 4, 10);
  }
  const auto names_both = [](const Run& run) {
    CAPTURE(run.output);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("'MiG-15'") && ContainsSubstring("'MiG - 15'") &&
                               ContainsSubstring("are the same tokens to this model") &&
                               ContainsSubstring("rename one of them"));
  };
  const std::string list = quoted(root.write("t.csv", table("MiG-15", "MiG - 15")));
  const std::string image = " --feature-cache off " + quoted(root / "a/0.png");
  const std::string names = quoted(root.write("names.txt", "MiG-15\nMiG - 15\n"));
  const json split = {{"train", {{"a/0.png", 0, "MiG-15"}, {"b/0.png", 1, "MiG - 15"}}},
                      {"val", json::array()},
                      {"test", {{"a/1.png", 0, "MiG-15"}, {"b/1.png", 1, "MiG - 15"}}}};
  const std::string file = quoted(root.write("split.json", split.dump()));
  for (const std::string& data : {quoted(root / "same"), list, file}) {
    CAPTURE(data);
    names_both(
        mao_program("tune --class-split all --method coop --epochs 1 --seeds 1 --shots 1 --batch 2 "
                    "--feature-cache off --out " +
                    quoted(root / "run") + " --data " + data));
  }
  CHECK_FALSE(fs::exists(root / "run"));
  names_both(mao_program("predict --classes MiG-15 'MiG - 15'" + image));
  names_both(mao_program("predict --classes-file " + names + image));
  names_both(mao_program("eval --feature-cache off --data " + list));
  const Run kept = mao_program("predict --classes MiG-15 " + quoted("\x01") + image);
  CHECK(kept.code == 1);
  CHECK_THAT(kept.output, ContainsSubstring("named '\\x01'") && ContainsSubstring("keeps nothing"));
}

TEST_CASE("a name that is too long for the prompts is refused before training, in every list of classes", "[names]") {
  const TemporaryFolder root;
  for (const char* name : {"a", "b", "c"}) write_pictures(root, name, 4, 10);
  std::string long_name = "blue";  // with the untuned model's sentence it fits into 32 tokens, with this context not
  for (int i = 1; i < 20; ++i) long_name += " blue";
  const auto is_refused = [&](const std::string& options) {
    const Run run =
        mao_program("tune --method coop --context 16 --context-init \"\" --epochs 1 --seeds 1 --shots 1 --batch 2 " +
                    options + " --feature-cache off --out " + quoted(root / "run"));
    CAPTURE(options, run.output);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("blue blue") && ContainsSubstring("shorten"));
    CHECK_FALSE(fs::exists(root / "run"));
  };
  const auto with_third = [&](const std::string& name) {
    return table("red", "green") + "c/0.png,2," + name + ",train\nc/1.png,2," + name + ",test\n";
  };
  const std::string fresh = quoted(root.write("t.csv", with_third(long_name)));
  const std::string fits = quoted(root.write("fits.csv", with_third("blue")));
  is_refused("--data " + fresh);
  is_refused("--mao --similarity clip --data " + fresh);
  is_refused("--data " + fits + " --targets " + fresh);
}

TEST_CASE("what is not UTF-8 is named with file and line, and names are escaped", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 4, 0);
  write_pictures(root, "b", 4, 10);
  const Run latin = checked_data(root.write("t.csv", table("ros\xE9", "blue")));
  CHECK(latin.code == 1);
  CHECK_THAT(latin.output,
             ContainsSubstring("t.csv: line 2: 'a/0.png,0,ros\\xE9,train'") && ContainsSubstring("UTF-8"));
  CHECK_THAT(latin.output, !ContainsSubstring("mao datasets"));  // nothing about folders of data sets
  const Run wide = checked_data(root.write("w.csv", std::string("\xFF\xFEp\0a\0", 6)));
  CHECK_THAT(wide.output, ContainsSubstring("w.csv: the text is UTF-16"));
  write_pictures(root, "folders/ros\xE9", 4, 0);
  write_pictures(root, "folders/blue", 4, 10);
  const Run folder = checked_data(root / "folders");
  CHECK(folder.code == 1);
  CHECK_THAT(folder.output, ContainsSubstring("ros\\xE9") && ContainsSubstring("not UTF-8"));
  fs::rename(root / "a/0.png", root / "a/\xE9.png");  // a picture may have such a name
  const Run answer = standard_output(predict("--json " + quoted(root / "a")));
  REQUIRE(answer.code == 0);
  const json all = json::parse(answer.output);
  REQUIRE(all.size() == 4);
  CHECK_THAT(all[3].at("image").get<std::string>(), ContainsSubstring("\\xE9.png"));
  const Run csv = mao_program(predict("--csv " + quoted(root / "a")));
  CHECK_THAT(csv.output, ContainsSubstring("\\xE9.png,1,"));
}

TEST_CASE("byte-order marks and line ends of Windows change nothing", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 2, 0);
  root.write("classes.txt",
             "\xEF\xBB\xBF"
             "a red thing\r\na blue thing\r\n");
  const std::string image = quoted(root / "a/0.png");
  const Run plain = mao_program(predict("--json " + image));
  const Run marked =
      mao_program("predict --feature-cache off --json --classes-file " + quoted(root / "classes.txt") + " " + image);
  CHECK(plain.code == 0);
  CHECK(marked.output == plain.output);
  root.write("list.txt", "\xEF\xBB\xBF" + (root / "a/0.png").string() + "\r\n" + (root / "a\\1.png").string() + "\r\n");
  const Run list = mao_program(predict("--json - <" + quoted(root / "list.txt")));
  REQUIRE(list.code == 0);
  CHECK(json::parse(list.output).size() == 2);
  root.write("options.toml",
             "\xEF\xBB\xBF"
             "top = 1\r\njson = true\r\n");
  const Run configured = mao_program(predict("--config " + quoted(root / "options.toml") + " " + image));
  REQUIRE(configured.code == 0);
  CHECK(json::parse(configured.output)[0].at("top").size() == 1);
}

TEST_CASE("a table and a split file from Windows are read", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 4, 0);
  write_pictures(root, "b", 4, 10);
  const Run own = checked_data(root.write("w.csv", table("red", "blue", "\\")));
  INFO(own.output);
  CHECK(own.code == 0);
  CHECK_THAT(own.output, ContainsSubstring("4 of 4 train") && ContainsSubstring("4 of 4 test images"));
  root.write("w.json", R"({"train":[["a\\0.png",0,"red"],["b\\0.png",1,"blue"]],"val":[],)"
                       R"("test":[["a\\1.png",0,"red"],["b\\1.png",1,"blue"]]})");
  CHECK(checked_data(root / "w.json").code == 0);
}

TEST_CASE("files that are not read are counted in check and tune", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "d/red", 4, 0);
  write_pictures(root, "d/blue", 4, 10);
  write_pictures(root, "d/red/deeper", 2, 20);
  root.write("d/red/a.gif", "GIF89a");
  root.write("d/blue/b.bmp", "BM");
  const auto counts_them = [](const Run& run) {
    INFO(run.output);
    CHECK(run.code == 0);
    CHECK_THAT(run.output, ContainsSubstring("4 files are not read: 1 .bmp (blue 1), 1 .gif (red 1), "
                                             "2 in deeper folders (red 2)"));
  };
  counts_them(checked_data(root / "d"));
  CHECK(json::parse(checked_data(root / "d", "--json").output).at("datasets")[0].at("unread").at(".gif").at("red") ==
        1);
  counts_them(mao_program(tune(root / "d", root / "run")));
}

TEST_CASE("data that changed under a run is refused, with what changed", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 4, 0);
  write_pictures(root, "b", 4, 10);
  const auto list = root.write("t.csv", table("red", "blue"));
  const std::string command = tune(list, root / "run");
  REQUIRE(mao_program(command).code == 0);
  const json config = json::parse(mao::read_text_file(root / "run/config.json"));
  CHECK(config.at("images").at(list.string()).at("training labels").get<std::string>().starts_with("4, "));
  const Run again = mao_program(command);
  CHECK(again.code == 0);
  CHECK_THAT(again.output, ContainsSubstring("this run is finished; nothing to do"));
  root.write("t.csv", table("red", "green"));
  const Run renamed = mao_program(command);
  CHECK(renamed.code == 1);
  CHECK_THAT(renamed.output,
             ContainsSubstring("holds a run on data that has changed since (of " + list.string() + ": class names)") &&
                 ContainsSubstring("choose another --out"));
  root.write("t.csv", table("red", "blue"));
  mao_test::write_png(root / "a/0.png", mao_test::random_image(9, 9, 77));
  const Run replaced = mao_program(command);
  CHECK(replaced.code == 1);
  CHECK_THAT(replaced.output, ContainsSubstring("training file sizes"));
  fs::remove(list);
  const Run gone = mao_program(command);
  CHECK(gone.code == 0);  // what is finished may outlive its data
  CHECK_THAT(gone.output, ContainsSubstring("cannot be told"));
}

TEST_CASE("an unfinished run does not resume over images that were swapped", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 4, 0);
  write_pictures(root, "b", 4, 10);
  const fs::path red = root / "a/0.png", blue = root / "b/0.png";
  for (const fs::path& picture : {red, blue}) fs::resize_file(picture, 2000);  // what is behind the end is ignored
  const std::string command = tune(root.write("t.csv", table("red", "blue")), root / "run");
  REQUIRE(mao_program(command).code == 0);
  for (const char* file : {"run/results.json", "run/seed1/result.json"}) fs::remove(root / file);
  fs::rename(red, root / "other.png");
  fs::rename(blue, red);
  fs::rename(root / "other.png", blue);
  const Run resumed = mao_program(command);
  CHECK(resumed.code == 1);
  CHECK_THAT(resumed.output,
             ContainsSubstring("data that has changed since") && ContainsSubstring("training file contents"));
  CHECK_FALSE(fs::exists(root / "run/results.json"));
}

TEST_CASE("the same image in two classes, or in training and test, is reported", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 4, 0);
  write_pictures(root, "b", 4, 10);
  const fs::path list = root.write("t.csv", table("red", "blue"));
  CHECK_THAT(checked_data(list).output, !ContainsSubstring("the same image"));
  fs::copy_file(root / "a/0.png", root / "a/3.png", fs::copy_options::overwrite_existing);
  fs::copy_file(root / "a/1.png", root / "b/1.png", fs::copy_options::overwrite_existing);
  const Run found = checked_data(list);
  CHECK(found.code == 0);  // published data sets have such pictures
  CHECK_THAT(found.output,
             ContainsSubstring("note: the same image in two classes: 1 pair\n    train  a/1.png (red) = train  "
                               "b/1.png (blue)") &&
                 ContainsSubstring("note: the same image in training and test: 1 pair\n    train  a/0.png (red) = "
                                   "test  a/3.png (red)"));
  const json pairs = json::parse(checked_data(list, "--json").output).at("datasets")[0].at("duplicates");
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0][0] == json{{"path", "a/0.png"}, {"split", "train"}, {"class", "red"}});
  CHECK(pairs[1][1].at("class") == "blue");
}

TEST_CASE("rows that list an image again are mentioned where the list is checked, trained on and tested", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "a", 4, 0);
  write_pictures(root, "b", 4, 10);
  const fs::path list = root.write("t.csv", table("red", "blue") + "./a/3.png,0,red,test\n");
  const auto note = ContainsSubstring("1 row lists an image again: 1 of test (./a/3.png)");
  const Run found = checked_data(list);
  CHECK(found.code == 0);
  CHECK_THAT(found.output, note);
  const json repeated = json::parse(checked_data(list, "--json").output).at("datasets")[0].at("repeated");
  CHECK(repeated == json::parse(R"([{"path": "./a/3.png", "split": "test", "class": "red"}])"));
  CHECK_THAT(mao_program(tune(list, root / "run")).output, note);
  const Run tested = mao_program("eval --feature-cache off --data " + quoted(list));
  CHECK_THAT(tested.output, note && ContainsSubstring(" of 5)"));
}

TEST_CASE("classes whose names are numbers are mentioned, and a mistyped data set is answered with its name",
          "[names]") {
  const TemporaryFolder root, runs;
  for (const std::string folder : {"train/0/", "train/1/", "train/2/", "test/0/", "test/1/", "test/2/"}) {
    write_pictures(root, folder, 2, 20);
  }
  const std::string tune =
      "tune --epochs 1 --seeds 1 --shots 1 --feature-cache off --out " + quoted(runs / "run") + " --data ";
  const auto numbers = ContainsSubstring("the class names are numbers (0, ...)");
  const auto few = ContainsSubstring("fewer than");
  CHECK_THAT(mao_program(tune + quoted(root.path())).output, numbers && !few);
  CHECK_THAT(checked_data(root.path()).output, numbers);
  CHECK(mao_program("tune --epochs 1 --seeds 1 --shots 1 --data " + quoted(few_pictures()) + " --out " +
                    quoted(runs / "sketch"))
            .code == 0);
  const std::string prompts = quoted(runs / "sketch/seed1/plain.prompts.safetensors");
  const auto none = ContainsSubstring("note: the prompts were tuned for none of these 3 classes");
  CHECK_THAT(mao_program("eval " + prompts + " --data " + quoted(root.path())).output, numbers && none);
  CHECK_THAT(mao_program("eval " + prompts).output, !numbers && !ContainsSubstring("tuned for none"));
  const std::string again = mao_program("tune --epochs 1 --seeds 1 --shots 3 --feature-cache off --out " +
                                        quoted(runs / "more") + " --data " + quoted(root.path()))
                                .output;
  CHECK_THAT(again,
             ContainsSubstring("note: 2 of the 2 classes to train on have fewer than 3 training images (--shots)"));
  CHECK_THAT(mao_program(tune + "skech").output, ContainsSubstring("(did you mean sketch?)"));
  const Run named = mao_program(tune + "oxford_pet --root " + quoted(root.path()));
  CHECK(named.code == 1);
  CHECK_THAT(named.output, ContainsSubstring("(did you mean oxford_pets?)") && !ContainsSubstring("--root"));
}

TEST_CASE("a folder without images is refused by what it holds", "[names]") {
  const TemporaryFolder root;
  fs::create_directories(root / "empty");
  root.write("d/deeper/a.gif", "GIF89a");
  const auto refused = [&](const char* folder, const std::string& message) {
    const Run run = mao_program(predict(quoted(root / folder)));
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("no images in this folder or below it; expected .jpg, ") &&
                               ContainsSubstring(message) && !ContainsSubstring("class"));
  };
  refused("empty", "\n");
  refused("d", "\n1 file is not read: 1 .gif");
  write_pictures(root, "d/more", 1, 20);
  CHECK_THAT(mao_program(predict(quoted(root / "d"))).output,
             ContainsSubstring("in this folder and the folders below it"));
  write_pictures(root, "listed", 1, 20);
  root.write("listed/split.json", "{}");
  root.write("listed/names.txt", "a");
  CHECK_THAT(mao_program(predict(quoted(root / "listed"))).output, !ContainsSubstring("not read"));
}

TEST_CASE("one damaged file among many: the others are answered and it is listed", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "p", 5, 0);
  root.write("p/2.png", "");
  fs::resize_file(root / "p/3.png", 60);
  const Run answer = standard_output(predict("--json " + quoted(root / "p") + " " + quoted(root / "absent.png")));
  CHECK(answer.code == 1);
  const json all = json::parse(answer.output);
  REQUIRE(all.size() == 6);
  for (std::size_t i = 0; i < 3; ++i) CHECK(all[i].contains("top"));
  CHECK(all[3].at("image").get<std::string>().ends_with("p/2.png"));
  CHECK_THAT(all[3].at("error").get<std::string>(), ContainsSubstring("0 bytes"));
  const Run text = mao_program(predict(quoted(root / "p")));
  CHECK(text.code == 1);
  CHECK_THAT(text.output, ContainsSubstring("2 of 5 images could not be read:") && ContainsSubstring("p/3.png: "));
  // The ends are whole, and the middle is not.
  auto bytes = mao_test::file_bytes(root / "p/1.png");
  std::fill(bytes.begin() + 45, bytes.begin() + 60, std::uint8_t{0xff});
  root.write("p/1.png", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const Run inner = mao_program(predict(quoted(root / "p")));
  CHECK(inner.code == 1);
  CHECK_THAT(inner.output, ContainsSubstring("3 of 5 images could not be read:"));
}

TEST_CASE("another image of the same size and time is not answered from the cache", "[names]") {
  const TemporaryFolder root;
  mao::Image red(16, 16), blue(16, 16);
  for (std::size_t i = 0; i < red.pixels.size(); i += 3) red.pixels[i] = blue.pixels[i + 2] = 200;
  mao_test::write_png(root / "x.png", red);
  mao_test::write_png(root / "other.png", blue);
  const auto size = std::max(fs::file_size(root / "x.png"), fs::file_size(root / "other.png"));
  for (const char* name : {"x.png", "other.png"})
    fs::resize_file(root / name, size);  // what is behind the end is ignored
  const std::string command = "predict --json --classes 'a red thing' 'a blue thing' --feature-cache " +
                              quoted(root / "cache") + " " + quoted(root / "x.png");
  const Run first = mao_program(command);
  CHECK(first.output == mao_program(command).output);
  const auto time = fs::last_write_time(root / "x.png");
  fs::rename(root / "other.png", root / "x.png");
  fs::last_write_time(root / "x.png", time);
  CHECK(first.output != mao_program(command).output);
}

TEST_CASE("no message is an unexpected one: links in circles, long names, folders called x.png", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "d/red", 4, 0);
  write_pictures(root, "d/blue", 4, 10);
  fs::create_symlink("circle", root / "d/circle");
  fs::create_symlink("circle.png", root / "d/red/circle.png");
  fs::create_directories(root / "d/red/x.png");
  const Run looked = checked_data(root / "d");
  CHECK(looked.code == 1);  // circle.png is listed and cannot be read
  CHECK_THAT(looked.output, ContainsSubstring("circle.png") && !ContainsSubstring("unexpected"));
  const std::string longest(300, 'x');
  for (const std::string& command :
       {"datasets check " + longest, "tune --data " + longest + " --out " + quoted(root / "run"),
        predict(longest + ".png"), "eval --data " + longest, predict("--classes-file " + longest + " x.png"),
        "tune --data sketch --config " + longest, "tune --data sketch --out " + quoted(root / longest)}) {
    const Run run = mao_program(command);
    INFO(run.output);
    CHECK(run.code != 0);
    CHECK_THAT(run.output, !ContainsSubstring("unexpected") && !ContainsSubstring("bug in mao"));
  }
  root.write("t.csv", "path,label,classname,split\n" + longest + ".png,0,a,train\na.png,0,a,test\n");
  CHECK_THAT(checked_data(root / "t.csv").output, ContainsSubstring("missing: 2 images"));
}

TEST_CASE("WEBP is read, or refused by name", "[names]") {
  const std::string picture = quoted(mao_test::image_golden("lossy_alpha.webp"));
  const Run run = mao_program(predict(picture));
  INFO(run.output);
  CHECK(run.code == (mao::reads_webp ? 0 : 1));
  if (!mao::reads_webp) CHECK_THAT(run.output, ContainsSubstring("built without libwebp"));
  const TemporaryFolder root;
  const Run gif = mao_program(predict(quoted(root.write("a.gif", "GIF89a......"))));
  CHECK(gif.code == 1);
  CHECK_THAT(gif.output, ContainsSubstring("a.gif: a GIF image; expected a JPEG, a PNG"));
}

TEST_CASE("data of one class are refused by the name that the user gave, table or folder", "[names]") {
  const TemporaryFolder root;
  write_pictures(root, "one/a", 4, 0);
  const fs::path list = root.write("one/t.csv", "path,classname,split\na/0.png,a,train\na/1.png,a,test\n");
  for (const fs::path& data : {list, root / "one"}) {
    const Run run = mao_program("tune --method coop --epochs 1 --seeds 1 --feature-cache off --out " +
                                quoted(root / "run") + " --data " + quoted(data));
    INFO(run.output);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("mao: " + data.string() + ": there is only the class 'a'; expected at ") &&
                               ContainsSubstring("add images of other classes"));
    const Run all = mao_program(tune(data, root / "run"));
    CHECK(all.code == 1);
    CHECK_THAT(all.output,
               ContainsSubstring("there is only the class 'a', and training has no other class to tell it ") &&
                   ContainsSubstring("add images of another class"));
    CHECK_FALSE(fs::exists(root / "run"));
  }
  const Run checked = mao_program("datasets check " + quoted(root / "one"));
  CHECK(checked.code == 1);
  CHECK_THAT(checked.output, ContainsSubstring("INCOMPLETE") && ContainsSubstring("there is only one class"));
  write_pictures(root, "two/a", 4, 0);
  write_pictures(root, "two/b", 4, 10);
  CHECK_THAT(mao_program("tune --mao --epochs 1 --seeds 1 --feature-cache off --out " + quoted(root / "run") +
                         " --data " + quoted(root / "two"))
                 .output,
             ContainsSubstring("there is only the class 'a' in the base half, and training has no other class") &&
                 ContainsSubstring("--class-split all"));
  const std::string two = "path,classname,split\na/0.png,a,train\na/1.png,a,test\na/2.png,b,train\n";
  const fs::path untested = root.write("one/u.csv", two);
  CHECK_THAT(mao_program("eval --feature-cache off --half new --data " + quoted(untested)).output,
             ContainsSubstring("mao: " + untested.string() + ": there are no test images of new classes"));
}

TEST_CASE("a misspelt name in a class-name file is compared with the classes of the data", "[names]") {
  const TemporaryFolder root;
  for (const char* name : {"cat", "dog"}) write_pictures(root, std::string("data/") + name, 4, 0);
  std::string rows = "path,classname\n";
  for (const char* file : {"0", "1", "2", "3"}) {
    rows += std::string("cat/") + file + ".png,cat\ndog/" + file + ".png,dog\n";
  }
  root.write("data/t.csv", rows);
  const std::string names = quoted(root.write("names.txt", "antelope an antelope\ncat a cat\ndgo a dog\n"));
  for (const char* data : {"data", "data/t.csv"}) {
    for (const std::string& command : {std::string("tune --method coop --data "), std::string("datasets check ")}) {
      const Run run = mao_program(command + quoted(root / data) + " --classnames " + names);
      INFO(run.output);
      CHECK(run.code == 1);
      CHECK_THAT(run.output, ContainsSubstring("names.txt: there is no class 'dgo' (did you mean dog?)\n"));
    }
  }
  const std::string other = quoted(root.write("other.txt", "antelope an antelope\ncat a cat\n"));
  CHECK_THAT(checked_data(root / "data", "--classnames " + other).output,
             ContainsSubstring("no class name for the folder 'dog'") && !ContainsSubstring("did you mean"));
}

TEST_CASE("a folder without a data set is refused in a line that says what it holds", "[names]") {
  const TemporaryFolder root;
  root.write("d/a/1.gif", "GIF89a");
  fs::create_directories(root / "d/b");
  const std::string said = mao_program(tune(root / "d", root / "run")).output;
  CHECK_THAT(said, ContainsSubstring("d: there is no data set in this folder, only 2 sub folders (a, b), 0 images; "
                                     "expected one sub folder of images per class\n1 file is not read: 1 .gif") &&
                       ContainsSubstring("\nThese would work: "));
}
