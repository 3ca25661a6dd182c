// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/prompts_file.hpp>

#include <mao/data/class_key.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/context.hpp>
#include <mao/core/detail/ops.hpp>

#include <limits>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

PromptInfo toy_info() {
  return {.method = "coop",
          .model = "0123456789abcdef",
          .classes = {{"cat", "Schloß \"A\"", "blue whale"}},
          .settings = {{"context", 4}, {"position", "end"}}};
}

ParameterList random_parameters(std::uint64_t seed) {
  return {{"prompt_learner.ctx", parameter(normal_tensor({4, 8}, 1.0, Rng(seed)))},
          {"prompt_learner.scale", parameter(normal_tensor({1}, 1.0, Rng(seed)["scale"]))}};
}

/// The prompts of a file whose metadata was changed.
template <class Change>
Prompts load_changed(Change&& change) {
  const TemporaryFolder folder;
  auto metadata = detail::metadata_of(toy_info(), "mao-prompts");
  change(metadata);
  write_safetensors(folder / "changed.safetensors", {}, metadata);
  return load_prompts(folder / "changed.safetensors");
}

/// The same file without mao's checksum, as another program writes it.
template <class Change>
Prompts load_of_others(Change&& change) {
  const TemporaryFolder folder;
  auto metadata = detail::metadata_of(toy_info(), "mao-prompts");
  change(metadata);
  write_safetensors(folder / "own.safetensors", {}, metadata);
  std::string text = read_text_file(folder / "own.safetensors");
  text[text.find("mao_checksum")] = 'n';
  return load_prompts(folder.write("changed.safetensors", text));
}

}  // namespace

TEST_CASE("prompts come back bit for bit with all that was said about them", "[prompts_file]") {
  const TemporaryFolder folder;
  const ParameterList saved = random_parameters(1), other = random_parameters(2);
  save_prompts(folder / "a.safetensors", saved, toy_info());
  const Prompts prompts = load_prompts(folder / "a.safetensors");
  CHECK(prompts.info.method == "coop");
  CHECK(prompts.info.model == toy_info().model);
  CHECK(prompts.info.classes == toy_info().classes);
  CHECK(prompts.info.settings == toy_info().settings);
  restore_parameters(other, prompts, toy_info().model);
  for (std::size_t i = 0; i < saved.size(); ++i) {
    CHECK(other[i].value.equal(saved[i].value));
    CHECK(other[i].value.requires_grad());
    CHECK(other[i].value.is_leaf());
  }
}

TEST_CASE("prompts are not put in place when that is prevented", "[prompts_file]") {
  const TemporaryFolder folder;
  const auto file = folder / "a.safetensors";
  save_prompts(file, random_parameters(1), toy_info());
  const auto before = read_text_file(file);
  const auto prevent = [] { throw FileError("taken over"); };
  CHECK_THROWS_WITH(save_prompts(file, random_parameters(2), toy_info(), prevent), ContainsSubstring("taken over"));
  CHECK(read_text_file(file) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  bool asked = false;
  save_prompts(file, random_parameters(2), toy_info(), [&] { asked = true; });
  CHECK(asked);
  CHECK(read_text_file(file) != before);
}

TEST_CASE("prompts of another model, method or size are refused and change nothing", "[prompts_file]") {
  const TemporaryFolder folder;
  const ParameterList saved = random_parameters(1), other = random_parameters(2), untouched = random_parameters(2);
  save_prompts(folder / "a.safetensors", saved, toy_info());
  const Prompts prompts = load_prompts(folder / "a.safetensors");
  CHECK_THROWS_AS(restore_parameters(other, prompts, "fedcba9876543210"), OptionError);
  CHECK_THROWS_WITH(restore_parameters(other, prompts, "fedcba9876543210"),
                    ContainsSubstring("0123456789abcdef") && ContainsSubstring("fedcba9876543210"));
  CHECK_THROWS_WITH(restore_parameters(other, prompts, toy_info().model + "-pixels-fedcba9876543210"),
                    ContainsSubstring("the same weights, but images are prepared in another way"));
  ParameterList more = other;
  more.push_back({"visual.ctx", parameter(at::tensor({1.0F}))});
  CHECK_THROWS_WITH(restore_parameters(more, prompts, toy_info().model), ContainsSubstring("coop hold no visual.ctx"));
  ParameterList longer = other;
  longer.back().value = parameter(at::tensor({1.0F, 2.0F}));
  CHECK_THROWS_WITH(restore_parameters(longer, prompts, toy_info().model),
                    ContainsSubstring("saved prompt_learner.scale has shape [1], expected [2]"));
  CHECK(other.front().value.equal(untouched.front().value));
}

TEST_CASE("damaged metadata is a format error that names the file", "[prompts_file]") {
  using Metadata = std::map<std::string, std::string>;
  CHECK(load_changed([](Metadata&) {}).info.classes.size() == 3);
  for (const char* key : {"format", "method", "model", "classes", "settings"}) {
    CHECK_THROWS_WITH(load_changed([&](Metadata& m) { m.erase(key); }),
                      ContainsSubstring("changed.safetensors: no \"" + std::string(key) + "\""));
  }
  CHECK_THROWS_WITH(load_changed([](Metadata& m) { m["format"] = "mao-checkpoint"; }),
                    ContainsSubstring("\"mao-checkpoint\""));
  for (const char* classes : {"[\"cat\",", "{}", "[1, 2]", "[\"cat\", null]"}) {
    CHECK_THROWS_AS(load_changed([&](Metadata& m) { m["classes"] = classes; }), FormatError);
  }
  CHECK_THROWS_AS(load_changed([](Metadata& m) { m["settings"] = "[]"; }), FormatError);
}

TEST_CASE("numbers that are not finite are refused by tensor name", "[prompts_file]") {
  const TemporaryFolder folder;
  const Tensor bad = parameter(at::tensor({1.0F, std::numeric_limits<float>::infinity()}));
  save_prompts(folder / "bad.safetensors", {{"prompt_learner.ctx", bad}}, toy_info());
  CHECK_THROWS_AS(load_prompts(folder / "bad.safetensors"), NumericError);
  CHECK_THROWS_WITH(load_prompts(folder / "bad.safetensors"), ContainsSubstring("prompt_learner.ctx holds numbers"));
}

TEST_CASE("a file of another writer: each tensor is used or refused by name, classes come once", "[prompts_file]") {
  const auto model = mao::testing::ToyModel::make();
  Coop<mao::testing::ToyModel> coop(model, mao::testing::toy_classes(3));
  const Tensor before = coop.parameters().front().value.detach().clone();
  const auto refusal = [&](const TensorMap& tensors) -> std::string {
    const TemporaryFolder folder;
    write_safetensors(folder / "own.safetensors", tensors, detail::metadata_of(toy_info(), "mao-prompts"));
    try {
      restore_backbone(coop, load_prompts(folder / "own.safetensors"), toy_info().model);
    } catch (const Error& error) {
      CHECK(coop.parameters().front().value.equal(before));
      return error.what();
    }
    return "accepted";
  };
  const Tensor context = before.clone();
  CHECK(refusal({{"prompt_learner.ctx", context}}) == "accepted");
  for (const auto type : {at::kInt, at::kHalf, at::kDouble}) {
    CHECK_THAT(refusal({{"prompt_learner.ctx", context.to(type)}}),
               ContainsSubstring("saved prompt_learner.ctx is of type ") && ContainsSubstring("expected Float"));
  }
  CHECK_THAT(refusal({{"prompt_learner.ctx", context.t().contiguous()}}),
             ContainsSubstring("saved prompt_learner.ctx has shape"));
  CHECK_THAT(refusal({{"prompt_learner.ctx", context}, {"prompt_learner.extra", context}}),
             ContainsSubstring("there is a tensor prompt_learner.extra, which this method does not have"));
  using Metadata = std::map<std::string, std::string>;
  for (const char* key : {"classes", "first_classes"}) {
    CHECK_THROWS_WITH(load_of_others([&](Metadata& m) { m[key] = R"(["cat", "dog", "cat"])"; }),
                      ContainsSubstring("changed.safetensors: \"" + std::string(key) +
                                        "\" of its metadata names the class 'cat' twice"));
  }
}

TEST_CASE("class names that a training accepted are accepted again, those of other writers are looked at",
          "[prompts_file]") {
  using Metadata = std::map<std::string, std::string>;
  const auto twice = [](Metadata& m) { m["classes"] = R"(["crane", "dog", "crane"])"; };
  const auto alike = [](Metadata& m) { m["classes"] = R"(["red_dog", "Red dog"])"; };
  CHECK(load_changed(twice).info.classes.names == std::vector<std::string>{"crane", "dog", "crane"});  // ImageNet's
  CHECK(load_changed(alike).info.classes.same_names == SameNames::accept);
  CHECK_THROWS_AS(load_of_others(twice), FormatError);
  CHECK(load_of_others(alike).info.classes.same_names == SameNames::refuse);
  CHECK_THROWS_WITH(check_class_names(load_of_others(alike).info.classes, "prompts"),
                    ContainsSubstring("'red_dog' and 'Red dog'"));
}
