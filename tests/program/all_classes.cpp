// SPDX-License-Identifier: Apache-2.0
// One classifier for all classes: `mao tune --recipe all-classes`, and what eval, predict and export make of its file.
#include <algorithm>
#include <fstream>
#include <string>

#include <ATen/ops/eq.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/prompts_file.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using mao::Tensor;
using mao_test::first_pictures;
using mao_test::mao_program;
using mao_test::quoted;
using mao_test::rendered_sketch;
using mao_test::Run;
using mao_test::TemporaryFolder;
using nlohmann::json;

std::string quick() { return "tune --data " + quoted(mao_test::few_pictures()) + " --shots 4 --epochs 1 --quiet "; }

json results_of(const fs::path& out, const std::string& options) {
  const Run run = mao_program(quick() + options + " --out " + quoted(out));
  INFO(run.output);
  REQUIRE(run.code == 0);
  return json::parse(mao::read_text_file(out / "results.json"));
}

void check_figures(const json& figures) {
  for (const char* key : {"accuracy", "base", "new", "h", "openworld_auc", "ausuc"}) {
    INFO(key);
    CHECK(figures.at(key).get<double>() > 0);
    CHECK(figures.at(key).get<double>() <= 100);
  }
}

/// The probabilities of an exported file, as docs/guides/all-classes.md says.
Tensor gated_probabilities(const mao::TensorMap& head, const Tensor& features) {
  const Tensor scale = head.at("logit_scale"), group = head.at("group");
  const Tensor own = at::matmul(features, head.at("weight").t()) * scale,
               mass = at::matmul(features, head.at("gate.classes").t()) * scale;
  std::vector<Tensor> of_group, places;
  for (std::int64_t g = 0; g < head.at("gate.bias").size(0); ++g) {
    places.push_back(at::nonzero(at::eq(group, g)).flatten());
    of_group.push_back(at::logsumexp(mass.index_select(1, places.back()), 1));
  }
  const Tensor gate = at::softmax(at::matmul(features, head.at("gate.weight").t()) + head.at("gate.bias") +
                                      head.at("gate.share") * at::log_softmax(at::stack(of_group, 1), 1),
                                  1);
  Tensor result = at::zeros_like(own);
  for (std::size_t g = 0; g < places.size(); ++g) {
    const Tensor inside = at::softmax(own.index_select(1, places[g]), 1);
    result.index_copy_(1, places[g], inside * gate.narrow(1, static_cast<std::int64_t>(g), 1));
  }
  return result;
}

}  // namespace

TEST_CASE("prompts keep the templates of a file, which may change or go", "[all_classes]") {
  const TemporaryFolder temporary;
  const fs::path templates = temporary.write("templates.txt", "a sketch of a {}.\na {} in ink.\n");
  results_of(temporary.path() / "run", "--recipe all-classes --seeds 1 --template " + quoted(templates));
  const fs::path joined = temporary.path() / "run/seed1/joined.prompts.safetensors",
                 head = temporary.path() / "h.safetensors";
  const auto answers = [&] {
    const Run run = mao_program("eval " + quoted(joined) + " --half all --json");
    INFO(run.output);
    REQUIRE(run.code == 0);
    REQUIRE(mao_program("export " + quoted(head) + " --prompts " + quoted(joined)).code == 0);
    return std::pair(json::parse(run.output), mao::read_safetensors(head).tensors.at("gate.classes").clone());
  };
  const auto before = answers();
  temporary.write("templates.txt", "{}\n");
  const auto changed = answers();
  CHECK(changed.first == before.first);
  CHECK(changed.second.equal(before.second));
  fs::remove(templates);
  CHECK(answers().second.equal(before.second));
}

TEST_CASE("the recipe for all classes leaves figures and one prompts file", "[all_classes]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const json results = results_of(out, "--recipe all-classes --seeds 1 2");
  const json& all = results.at("all_classes");
  for (const char* classifier : {"zero_shot", "base", "new", "joined", "gated"}) {
    INFO(classifier);
    check_figures(all.at(classifier));
    CHECK(all.at(classifier).contains("std") == (classifier != std::string("zero_shot")));
  }
  CHECK(!all.contains("plain"));
  double mean = 0;
  for (const auto& seed : results.at("per_seed")) {
    mean += seed.at("all_classes").at("gated").at("h").get<double>() / 2;
  }
  CHECK(all.at("gated").at("h").get<double>() == Approx(mean));

  const fs::path joined = out / "seed2" / "joined.prompts.safetensors";
  const json seed = results.at("per_seed")[1];
  SECTION("mao eval of the file gives the figures of the run") {
    const auto eval = [&](const std::string& half) {
      const Run run = mao_program("eval " + quoted(joined) + " --half " + half + " --json");
      INFO(run.output);
      REQUIRE(run.code == 0);
      return json::parse(run.output);
    };
    const json found = eval("all");
    for (const auto& [key, value] : seed.at("all_classes").at("gated").items()) {
      INFO(key);
      CHECK(found.at("all_classes").at(key).get<double>() == Approx(value.get<double>()).margin(1e-6));
    }
    CHECK(found.at("accuracy").get<double>() == Approx(found.at("all_classes").at("accuracy").get<double>()));
    CHECK(eval("base").at("accuracy") == seed.at("paper").at("base"));
    CHECK(eval("new").at("accuracy") == seed.at("paper").at("new"));
  }
  SECTION("mao predict says the group, and exported heads give its probabilities") {
    const fs::path picture = first_pictures(rendered_sketch(temporary.path() / "pictures", 1), 1).front(),
                   head = temporary.path() / "head.safetensors";
    const std::string with = quoted(picture) + " --prompts " + quoted(joined) + " --feature-cache off --top 100";
    const json predicted = json::parse(mao_program("predict " + with + " --json").output)[0].at("top");
    REQUIRE(mao_program("export " + quoted(head) + " --prompts " + quoted(joined)).code == 0);
    const mao::TensorFile file = mao::read_safetensors(head);
    const auto names = json::parse(file.metadata.at("classes")).get<std::vector<std::string>>();
    const auto groups = json::parse(file.metadata.at("groups")).get<std::vector<std::string>>();
    CHECK(groups == std::vector<std::string>{"base", "new"});
    const fs::path model = fs::path(mao_test::source_dir()) / "tools/embedded/model";
    const auto clip = mao::Clip::load(model, {.vocabulary = model / "merges.txt", .activation = {}});
    mao::LoaderOptions loader;
    loader.preprocess = clip.preprocess();
    mao::FileImages source({picture}, loader);
    const Tensor features = clip.encode_image(source.load({{.image = 0}}).pixels);
    const Tensor expected = gated_probabilities(file.tensors, features / features.norm(2, 1, true));
    REQUIRE(predicted.size() == names.size());
    for (const auto& guess : predicted) {
      const auto place = std::ranges::find(names, guess.at("class").get<std::string>()) - names.begin();
      CHECK(guess.at("probability").get<double>() == Approx(expected[0][place].item<double>()).margin(1e-5));
      const auto group = file.tensors.at("group")[place].item<std::int64_t>();
      CHECK(guess.at("group") == groups[static_cast<std::size_t>(group)]);
    }
    const Run csv = mao_program("predict " + with + " --csv");
    CHECK_THAT(csv.output, ContainsSubstring("image,rank,class,probability,group\n") && !ContainsSubstring("among"));
    const auto said = [&](const std::string& options) {
      return mao_program("predict " + quoted(picture) + options).output;
    };
    CHECK_THAT(said(" --prompts " + quoted(joined)),
               ContainsSubstring("classifying among 40 classes, all of these prompts: 20 base, 20 new\n"));
    const auto prompts_of = [&](const char* stage) {
      return " --prompts " + quoted(out / "seed2" / (std::string(stage) + ".prompts.safetensors"));
    };
    CHECK_THAT(said(prompts_of("new")),
               ContainsSubstring("classifying among 20 classes, the new half of the run's classes\n"));
    CHECK_THAT(said(prompts_of("base")),
               ContainsSubstring("classifying among 20 classes, the base half of the run's classes\n"));
    CHECK_THAT(said(prompts_of("base") + " --classes zebra lynx"),
               ContainsSubstring("classifying among 2 classes, the ones given\n"));
  }
  SECTION("mao report shows the figures, the bias curves and the halves") {
    const json details = json::parse(mao::read_text_file(out / "seed2" / "all_classes.json"));
    for (const char* classifier : {"zero_shot", "base", "new", "joined", "gated"}) {
      INFO(classifier);
      const json& curve = details.at(classifier).at("curve");
      CHECK(curve.size() > 2);
      CHECK(curve.front()[1] == 0.0);  // all base
      CHECK(curve.back()[0] == 0.0);   // all new
      const json& halves = details.at(classifier).at("halves");
      const json test = json::parse(mao_program("eval " + quoted(joined) + " --half base --json").output);
      CHECK(halves[0][0].get<int>() + halves[0][1].get<int>() == test.at("total").get<int>());
    }
    const fs::path page = temporary.path() / "page.html", tables = temporary.path() / "tables";
    REQUIRE(mao_program("report " + quoted(out) + " --out " + quoted(page) + " --csv " + quoted(tables)).code == 0);
    const std::string text = mao::read_text_file(page);
    CHECK_THAT(
        text, ContainsSubstring("One classifier for all classes") && ContainsSubstring("joined, gate") &&
                  ContainsSubstring("base predicted as new, %") && ContainsSubstring(">untuned<") &&
                  ContainsSubstring("<li>base-stage prompts: the prompts after the base stage, used for all classes") &&
                  ContainsSubstring("A bias is a number that is added") &&
                  ContainsSubstring("OpenworldAUC: of all pairs") && !ContainsSubstring("joined, g…"));
  }
  SECTION("what has no place for groups says so") {
    const std::string prompts = " --prompts " + quoted(joined);
    const fs::path picture = first_pictures(rendered_sketch(temporary.path() / "pictures", 1), 1).front();
    const Run other = mao_program("predict " + quoted(picture) + " --classes zebra" + prompts);
    CHECK(other.code == 1);
    CHECK_THAT(other.output, ContainsSubstring("is in no group of these prompts"));
    // A name in another spelling that is the same in a prompt is the same class.
    std::string spelled = mao::load_prompts(joined).info.classes.names.at(0);
    std::ranges::replace(spelled, ' ', '_');
    const Run predicted =
        mao_program("predict " + quoted(picture) + " --classes " + quoted(fs::path(spelled)) + prompts);
    CAPTURE(spelled, predicted.output);
    CHECK(predicted.code == 0);
    CHECK_THAT(predicted.output, ContainsSubstring("(base)"));
    fs::copy_file(picture, temporary.path() / "test.png");
    const fs::path table = temporary.write("t.csv", "path,classname,split\n" + picture.string() + "," + spelled +
                                                        ",train\ntest.png," + spelled + ",test\n");
    const Run evaluated =
        mao_program("eval --half all --feature-cache off --data " + quoted(table) + " " + quoted(joined));
    CAPTURE(evaluated.output);
    CHECK(evaluated.code == 0);
    CHECK_THAT(evaluated.output, !ContainsSubstring("tuned for none"));
    const Run reference = mao_program("export " + quoted(temporary.path() / "theirs") + prompts + " --reference");
    CHECK(reference.code == 1);
    CHECK_THAT(reference.output, ContainsSubstring("several groups of classes"));
    const Run encoded = mao_program("encode --out " + quoted(temporary.path() / "f.npz") + prompts);
    CHECK(encoded.code == 1);
    CHECK_THAT(encoded.output, ContainsSubstring("`mao export` the heads"));
  }
}

TEST_CASE("every run of base and new classes has figures over all of them", "[all_classes]") {
  const TemporaryFolder temporary;
  const json plain = results_of(temporary.path() / "plain", "--seeds 1").at("all_classes");
  for (const char* classifier : {"zero_shot", "plain", "joined", "gated"}) check_figures(plain.at(classifier));
  CHECK(!plain.contains("new"));
  CHECK(!fs::exists(temporary.path() / "plain" / "seed1" / "joined.prompts.safetensors"));
  const std::string seed = (temporary.path() / "plain" / "seed1").string();
  const Run eval = mao_program("eval " + quoted(seed + "/plain.prompts.safetensors") + " --half all");
  CHECK_THAT(eval.output, ContainsSubstring("among all classes        accuracy    base     new      gH  OpenworldAUC"));
  const Run absent = mao_program("eval " + quoted(seed + "/joined.prompts.safetensors"));
  CHECK(absent.code == 1);
  CHECK_THAT(absent.output, ContainsSubstring("there is no such prompts file, which only --recipe all-classes makes; "
                                              "there are: " +
                                              seed + "/plain.prompts.safetensors"));
  const fs::path details = temporary.path() / "plain" / "seed1" / "all_classes.json";
  std::ofstream(details) << R"({"zero_shot": {"curve": 1, "halves": true}})";
  const Run report =
      mao_program("report " + quoted(temporary.path() / "plain") + " --out " + quoted(temporary.path() / "page.html"));
  CHECK(report.code == 1);
  CHECK_THAT(report.output, ContainsSubstring("seed1/all_classes.json is damaged"));
  const json one_shot = results_of(temporary.path() / "mao", "--seeds 1 --mao --new-epochs 1").at("all_classes");
  for (const char* classifier : {"zero_shot", "base", "new", "joined", "gated"}) check_figures(one_shot.at(classifier));
  const json all = results_of(temporary.path() / "all", "--seeds 1 --class-split all");
  CHECK(!all.contains("all_classes"));
}

TEST_CASE("a run that is tested on other data sets has the figures over all classes too", "[all_classes]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const json results = results_of(out, "--recipe all-classes --new-epochs 1 --seeds 1 2 --targets shifted");
  CHECK(results.at("protocol") == "transfer");
  check_figures(results.at("all_classes").at("zero_shot"));
  double mean = 0;
  for (const json& seed : results.at("per_seed")) mean += seed.at("all_classes").at("gated").at("h").get<double>() / 2;
  CHECK(results.at("all_classes").at("gated").at("h").get<double>() == Approx(mean));
}

TEST_CASE("the recipe for all classes joins the plain method and MAO's new stage", "[all_classes]") {
  const TemporaryFolder temporary;
  const auto seed_of = [&](const std::string& name, const std::string& options) {
    const fs::path out = temporary.path() / name;
    const Run run = mao_program("tune --data shifted --shots 4 --epochs 3 --lr 0.02 --seeds 1 --quiet " + options +
                                " --out " + quoted(out));
    INFO(run.output);
    REQUIRE(run.code == 0);
    return json::parse(mao::read_text_file(out / "results.json")).at("per_seed")[0];
  };
  const json plain = seed_of("plain", ""), all = seed_of("run", "--recipe all-classes --steps new --new-epochs 2");
  CHECK(all.at("first") == plain.at("paper"));
  CHECK(all.at("paper").at("base") == plain.at("paper").at("base"));
  const json& figures = all.at("all_classes");
  CHECK(figures.at("plain") == plain.at("all_classes").at("plain"));
  CHECK(!figures.contains("base"));
  CHECK(figures.at("new") != figures.at("plain"));  // the new stage has changed something
  for (const char* classifier : {"plain", "new", "joined", "gated"}) check_figures(figures.at(classifier));

  const fs::path out = temporary.path() / "run";
  CHECK(json::parse(mao::read_text_file(out / "config.json")).at("method").at("steps") == "joined-new");
  CHECK(fs::exists(out / "seed1" / "plain.prompts.safetensors"));
  CHECK(!fs::exists(out / "seed1" / "base.prompts.safetensors"));
  const auto eval = [&](const std::string& half) {
    const Run run =
        mao_program("eval " + quoted(out / "seed1" / "joined.prompts.safetensors") + " --json --half " + half);
    INFO(run.output);
    REQUIRE(run.code == 0);
    return json::parse(run.output);
  };
  CHECK(eval("all").at("all_classes").at("h").get<double>() == Approx(figures.at("gated").at("h").get<double>()));
  CHECK(eval("base").at("accuracy") == plain.at("paper").at("base"));
  CHECK(eval("new").at("accuracy") == all.at("paper").at("new"));
}

TEST_CASE("without images of the new classes their names are joined untuned", "[all_classes]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const json results = results_of(out, "--recipe all-classes --labeler none --seeds 1");
  CHECK(!results.at("all_classes").contains("new"));
  const Run run = mao_program("eval " + quoted(out / "seed1" / "joined.prompts.safetensors") + " --half new --json");
  INFO(run.output);
  REQUIRE(run.code == 0);
  CHECK(json::parse(run.output).at("accuracy") == results.at("zero_shot").at("new"));
}

TEST_CASE("the recipe for all classes refuses what it cannot join", "[all_classes]") {
  const TemporaryFolder temporary;
  const std::string recipe = quick() + "--recipe all-classes --out " + quoted(temporary.path() / "run");
  CHECK_THAT(mao_program(recipe + " --class-split all").output, ContainsSubstring("leaves no new ones"));
  CHECK_THAT(mao_program(recipe + " --class-specific --context-init '' --labeler none").output,
             ContainsSubstring("leave --class-specific out"));
  CHECK_THAT(mao_program(recipe + " --steps base").output, ContainsSubstring("--recipe would be ignored"));
  CHECK_THAT(mao_program(recipe + " --method zero-shot").output, ContainsSubstring("has nothing to join"));
  CHECK_THAT(mao_program(recipe + " --method dpc").output,
             ContainsSubstring("--recipe all-classes with dpc") && ContainsSubstring("tune its host"));
  CHECK_THAT(mao_program(recipe + " --method promptkd").output,
             ContainsSubstring("--recipe all-classes with promptkd") && ContainsSubstring("train it plain"));
  CHECK_THAT(mao_program(recipe + " --steps new --k 3").output, ContainsSubstring("--k would be ignored"));
  CHECK_THAT(mao_program(quick() + "--recipe all").output, ContainsSubstring("all-classes"));
  CHECK(!fs::exists(temporary.path() / "run"));
}
