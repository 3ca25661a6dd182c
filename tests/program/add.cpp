// SPDX-License-Identifier: Apache-2.0
// `mao add`: a further group of classes beside those of a run, and what eval, predict and export make of the new file.
#include <algorithm>
#include <fstream>
#include <string>

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
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

#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using mao::Tensor;
using mao_test::checked;
using mao_test::few_pictures;
using mao_test::first_pictures;
using mao_test::mao_program;
using mao_test::quoted;
using mao_test::rendered_sketch;
using mao_test::Run;
using mao_test::TemporaryFolder;
using nlohmann::json;

const std::string two_classes = " --classes 'purple zebra' 'orange gate' ";

/// A short run.
fs::path tuned_run(const fs::path& folder, const std::string& options = "--recipe all-classes --new-epochs 1") {
  checked("tune --data " + quoted(few_pictures()) + " --shots 4 --epochs 1 --seeds 1 --quiet " + options + " --out " +
          quoted(folder / "run"));
  return folder / "run";
}

json eval(const fs::path& prompts, const std::string& half) {
  return json::parse(checked("eval " + quoted(prompts) + " --half " + half + " --json").output);
}

json predict(const fs::path& picture, const fs::path& prompts) {
  return json::parse(checked("predict " + quoted(picture) + " --prompts " + quoted(prompts) +
                             " --feature-cache off --top 1000 --json")
                         .output)[0]
      .at("top");
}

/// The sum of the probabilities of each group.
std::map<std::string, double> of_groups(const json& top) {
  std::map<std::string, double> sums;
  for (const auto& guess : top) sums[guess.at("group")] += guess.at("probability").get<double>();
  return sums;
}

/// The probabilities of an exported file with any number of added groups, as docs/guides/all-classes.md says.
Tensor probabilities(const mao::TensorMap& head, const Tensor& features) {
  const Tensor scale = head.at("logit_scale"), group = head.at("group");
  const Tensor own = at::matmul(features, head.at("weight").t()) * scale,
               mass = at::matmul(features, head.at("gate.classes").t()) * scale;
  std::vector<Tensor> places, masses;
  for (std::int64_t g = 0; g <= group.max().item<std::int64_t>(); ++g) {
    places.push_back(at::nonzero(at::eq(group, g)).flatten());
    masses.push_back(at::logsumexp(mass.index_select(1, places.back()), 1));
  }
  const auto first = head.at("gate.bias").size(0);
  const auto shares = [](const std::vector<Tensor>& of) { return at::log_softmax(at::stack(of, 1), 1); };
  Tensor gate = at::log_softmax(at::matmul(features, head.at("gate.weight").t()) + head.at("gate.bias") +
                                    head.at("gate.share") * shares({masses.begin(), masses.begin() + first}),
                                1);
  for (std::int64_t i = 0; i < head.at("added.bias").size(0); ++i) {
    const auto end = masses.begin() + first + i;
    const Tensor before = at::logsumexp(at::stack(std::vector<Tensor>(masses.begin(), end), 1), 1);
    const Tensor pair =
        at::log_softmax(at::matmul(features, head.at("added.weight")[i].t()) + head.at("added.bias")[i] +
                            head.at("added.share")[i] * shares({before, *end}),
                        1);
    gate = at::cat({gate + pair.narrow(1, 0, 1), pair.narrow(1, 1, 1)}, 1);
  }
  Tensor result = at::zeros_like(own);
  for (std::size_t g = 0; g < places.size(); ++g) {
    const Tensor inside = at::softmax(own.index_select(1, places[g]), 1);
    result.index_copy_(1, places[g], inside * gate.narrow(1, static_cast<std::int64_t>(g), 1).exp());
  }
  return result;
}

/// Whether exported heads give the probabilities of `mao predict`.
void check_export(const fs::path& prompts, const fs::path& picture, const fs::path& folder) {
  const fs::path head = folder / "head.safetensors";
  checked("export " + quoted(head) + " --prompts " + quoted(prompts));
  const mao::TensorFile file = mao::read_safetensors(head);
  const auto names = json::parse(file.metadata.at("classes")).get<std::vector<std::string>>();
  const fs::path model = fs::path(mao_test::source_dir()) / "tools/embedded/model";
  const auto clip = mao::Clip::load(model, {.vocabulary = model / "merges.txt", .activation = {}});
  mao::LoaderOptions loader;
  loader.preprocess = clip.preprocess();
  mao::FileImages source({picture}, loader);
  const Tensor features = clip.encode_image(source.load({{.image = 0}}).pixels);
  const Tensor expected = probabilities(file.tensors, features / features.norm(2, 1, true));
  const json top = predict(picture, prompts);
  REQUIRE(top.size() == names.size());
  for (const auto& guess : top) {
    const auto place = std::ranges::find(names, guess.at("class").get<std::string>()) - names.begin();
    CHECK(guess.at("probability").get<double>() == Approx(expected[0][place].item<double>()).margin(1e-5));
  }
}

}  // namespace

TEST_CASE("a group of names is added and what was learned stays", "[add]") {
  const TemporaryFolder temporary;
  const fs::path run = tuned_run(temporary.path()), before = run / "seed1" / "joined.prompts.safetensors";
  const fs::path untuned = temporary.path() / "untuned.prompts.safetensors",
                 tuned = temporary.path() / "tuned.prompts.safetensors";
  const fs::path picture = first_pictures(rendered_sketch(temporary.path() / "pictures", 1), 1).front();
  const Run added = checked("add " + quoted(run) + two_classes + "--out " + quoted(untuned));
  CHECK_THAT(added.output, ContainsSubstring("in 3 groups: base (") && ContainsSubstring("added (2, untuned)") &&
                               !ContainsSubstring("told apart"));
  checked("add " + quoted(before) + two_classes + "--prompts tuned --name extra --out " + quoted(tuned));
  const mao::TensorFile old = mao::read_safetensors(before), now = mao::read_safetensors(untuned);
  CHECK(!old.tensors.empty());
  for (const auto& [name, value] : old.tensors) CHECK(at::equal(value, now.tensors.at(name)));
  for (const fs::path& file : {untuned, tuned}) {
    CHECK(eval(file, "base").at("accuracy") == eval(before, "base").at("accuracy"));
    CHECK(eval(file, "new").at("accuracy") == eval(before, "new").at("accuracy"));
    check_export(file, picture, temporary.path());
  }
  CHECK_THAT(checked("eval " + quoted(untuned)).output,
             ContainsSubstring("this data has images of 40 of the 42 classes that the prompts know") &&
                 ContainsSubstring("one of the other 2\n"));
  CHECK_THAT(checked("eval " + quoted(before)).output, !ContainsSubstring("the prompts know"));
  const auto there = of_groups(predict(picture, before)), with = of_groups(predict(picture, untuned));
  CHECK(with.at("base") / with.at("new") == Approx(there.at("base") / there.at("new")).epsilon(1e-3));
  CHECK(with.at("base") + with.at("new") + with.at("added") == Approx(1).margin(1e-4));
  CHECK(with.at("added") > 0);
  CHECK(of_groups(predict(picture, tuned)).at("extra") == Approx(with.at("added")).epsilon(1e-3));
  SECTION("and another one beside it") {
    const fs::path twice = temporary.path() / "twice.prompts.safetensors";
    checked("add " + quoted(untuned) + " --classes lynx --out " + quoted(twice));
    const auto groups = of_groups(predict(picture, twice));
    CHECK(groups.size() == 4);
    CHECK(groups.at("added") / groups.at("base") == Approx(with.at("added") / with.at("base")).epsilon(1e-3));
    check_export(twice, picture, temporary.path());
  }
}

TEST_CASE("a group with unlabelled images gets prompts and a gate of its own", "[add]") {
  const TemporaryFolder temporary;
  const fs::path run = tuned_run(temporary.path()), out = temporary.path() / "out.prompts.safetensors",
                 images = temporary.path() / "images";
  const std::vector<fs::path> files = first_pictures(rendered_sketch(temporary.path() / "pictures", 1), 12);
  fs::create_directory(images);
  for (std::size_t i = 0; i < files.size(); ++i) fs::copy_file(files[i], images / (std::to_string(i) + ".png"));
  const std::string add = "add " + quoted(run) + two_classes + "--images " + quoted(images) + " --feature-cache off ";
  const Run added = checked(add + "--out " + quoted(out));
  CHECK_THAT(
      added.output,
      ContainsSubstring("gate between the earlier groups and added, for one classifier over all classes: right for"));
  const mao::TensorFile file = mao::read_safetensors(out);
  CHECK(file.tensors.at("gate.added.0.weight").size(0) == 2);
  CHECK(!at::equal(file.tensors.at("group2.prompt_learner.ctx"), file.tensors.at("group1.prompt_learner.ctx")));
  check_export(out, files.front(), temporary.path());
  const fs::path open = temporary.path() / "open.prompts.safetensors";
  checked(add + "--gate untuned --out " + quoted(open));
  CHECK(!mao::read_safetensors(open).tensors.contains("gate.added.0.weight"));
  const fs::path one = temporary.path() / "one.prompts.safetensors";
  const std::string add_one =
      "add " + quoted(run) + " --classes lynx --images " + quoted(images) + " --feature-cache off ";
  CHECK_THAT(checked(add_one + "--out " + quoted(one)).output,
             ContainsSubstring("a group of one class has an untuned prompt; its images teach the gate"));
  CHECK(mao::read_safetensors(one).tensors.contains("gate.added.0.weight"));
  CHECK(of_groups(predict(files.front(), one)).contains("added"));
  CHECK_THAT(mao_program(add_one + "--gate untuned --out " + quoted(one)).output,
             ContainsSubstring("from images of one class alone nothing is learned but the gate"));
  // 12 images of base and new pictures are the added group here, so the learned gate gives it more of such a picture.
  CHECK(of_groups(predict(files.front(), out)).at("added") > of_groups(predict(files.front(), open)).at("added"));
}

TEST_CASE("classes are added to a plain run and to a single prompts file", "[add]") {
  const TemporaryFolder temporary;
  const fs::path run = tuned_run(temporary.path(), "--method kgcoop"),
                 out = temporary.path() / "out.prompts.safetensors";
  checked("add " + quoted(run) + two_classes + "--out " + quoted(out));
  CHECK(eval(out, "base").at("accuracy") == eval(run / "seed1" / "plain.prompts.safetensors", "base").at("accuracy"));
  const fs::path picture = first_pictures(rendered_sketch(temporary.path() / "pictures", 1), 1).front();
  CHECK(of_groups(predict(picture, out)).size() == 2);
  check_export(out, picture, temporary.path());
}

TEST_CASE("a run whose gate was not saved is added to, and it is said", "[add]") {
  const TemporaryFolder temporary;
  const fs::path run = tuned_run(temporary.path(), "--mao --new-epochs 1");
  const Run added =
      checked("add " + quoted(run) + two_classes + "--out " + quoted(temporary.path() / "out.prompts.safetensors"));
  CHECK_THAT(added.output,
             ContainsSubstring("the untuned model alone tells the base classes and the new classes of the run apart") &&
                 ContainsSubstring("run `mao add RUN --out FILE` without --classes first"));
}

TEST_CASE("base and new prompts of a run are joined as the recipe for all classes joins them", "[add]") {
  const TemporaryFolder temporary;
  const fs::path run = tuned_run(temporary.path(), "--mao --new-epochs 1"),
                 recipe = tuned_run(temporary.path() / "recipe") / "seed1" / "joined.prompts.safetensors",
                 out = temporary.path() / "out.prompts.safetensors",
                 untuned = temporary.path() / "untuned.prompts.safetensors";
  const Run joined = checked("add " + quoted(run) + " --out " + quoted(out));
  CHECK_THAT(joined.output, ContainsSubstring("40 classes in 2 groups: base (20, coop), new (20, coop)") &&
                                ContainsSubstring("gate between base and new") &&
                                ContainsSubstring("Next: mao predict IMAGE --prompts "));
  const mao::TensorMap tensors = mao::read_safetensors(out).tensors, expected = mao::read_safetensors(recipe).tensors;
  CHECK(tensors.size() == expected.size());
  for (const auto& [name, value] : expected) {
    INFO(name);
    CHECK(at::equal(value, tensors.at(name)));
  }
  CHECK(eval(out, "all") == eval(recipe, "all"));
  fs::copy(run / "seed1", run / "seed3");  // as a run with two seeds has them
  CHECK_THAT(checked("add " + quoted(run) + " --gate untuned --out " + quoted(untuned)).output,
             ContainsSubstring("from seed 1 of " + run.string() + "; --seed selects another one: 3\n"));
  CHECK(!mao::read_safetensors(untuned).tensors.contains("gate.weight"));
  CHECK(eval(untuned, "base").at("accuracy") == eval(out, "base").at("accuracy"));
  const fs::path more = temporary.path() / "more.prompts.safetensors";
  CHECK_THAT(checked("add " + quoted(out) + two_classes + "--out " + quoted(more)).output,
             !ContainsSubstring("the untuned model alone"));
}

TEST_CASE("an addition that cannot be made is refused in one sentence", "[add]") {
  const TemporaryFolder temporary;
  const fs::path run = tuned_run(temporary.path(), "--method coop");
  const fs::path out = temporary.path() / "out.prompts.safetensors";
  const auto refused = [&](const std::string& words, const std::string& expected) {
    const Run result = mao_program("add " + words + " --out " + quoted(out));
    INFO(result.output);
    CHECK(result.code == 1);
    CHECK_THAT(result.output, ContainsSubstring(expected));
    CHECK(!fs::exists(out));
  };
  const json known =
      json::parse(mao::read_safetensors(run / "seed1" / "plain.prompts.safetensors").metadata.at("classes"));
  refused(quoted(run), "there is nothing to join; to add classes, give --classes-file FILE");
  refused(quoted(temporary.path() / "nosuch") + two_classes,
          "nosuch: there is no such run folder or prompts file; there are: " + run.string());
  refused(quoted(run) + " --classes " + quoted(known[0].get<std::string>()), "already exists");
  const fs::path jet = temporary.path() / "jet.prompts.safetensors";
  const std::string add_jet = "add " + quoted(run) + " --classes MiG-15 --out " + quoted(jet);
  CHECK_THAT(checked(add_jet).output, ContainsSubstring("wrote " + jet.string() + ": ") &&
                                          ContainsSubstring("from seed 1 of " + run.string() + "\n"));
  CHECK_THAT(checked(add_jet).output, ContainsSubstring("wrote " + jet.string() + " over an earlier file: "));
  refused(quoted(jet) + " --classes 'MiG - 15'", "are the same tokens to this model");
  refused(quoted(run) + two_classes + "--name base", "there is already a group 'base'");
  const fs::path prompts = run / "seed1" / "plain.prompts.safetensors";
  const auto before = mao_test::file_bytes(prompts);
  const Run over = mao_program("add " + quoted(run) + two_classes + "--out " +
                               quoted(run / "seed1/../seed1/plain.prompts.safetensors"));
  CHECK(over.code == 1);
  CHECK_THAT(over.output, ContainsSubstring("is read by this command too, and would be lost"));
  CHECK(mao_test::file_bytes(prompts) == before);
  const fs::path photo = temporary.write("photo.prompts.safetensors", "\xff\xd8 a photo");
  const Run foreign = mao_program("add " + quoted(run) + two_classes + "--out " + quoted(photo));
  CHECK(foreign.code == 1);
  CHECK_THAT(foreign.output, ContainsSubstring("photo.prompts.safetensors exists and is not a prompts file of mao"));
  CHECK(mao::read_text_file(photo) == "\xff\xd8 a photo");
  const Run text = mao_program("add " + quoted(run) + two_classes + "--out " + quoted(temporary.path() / "out.txt"));
  CHECK(text.code == 1);
  CHECK_THAT(text.output, ContainsSubstring("expected the name of a *.prompts.safetensors file to write"));
  const Run no_prompts =
      mao_program("add " + quoted(run) + two_classes + "--out " + quoted(temporary.path() / "out.safetensors"));
  CHECK(no_prompts.code == 1);
  CHECK_THAT(no_prompts.output, ContainsSubstring("expected the name of a *.prompts.safetensors file to write"));
  refused(quoted(run) + two_classes + "--seed 7", "no prompts of seed 7");
  refused(quoted(temporary.path()) + two_classes, "expected a finished run of `mao tune`");
  refused(quoted(run) + two_classes + "--gate untuned", "--gate would be ignored");
  const fs::path images = rendered_sketch(temporary.path() / "pictures", 1);
  refused(quoted(run) + two_classes + "--prompts tuned --images " + quoted(images), "--prompts would be ignored");
  refused(quoted(run) + two_classes + "--images " + quoted(temporary.path() / "nowhere"), "nowhere");
}
