// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/reference_checkpoint.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/torch_writer.hpp>
#include <mao/core/random.hpp>
#include <mao/prompts/context.hpp>

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <vector>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

ParameterList random_parameters(const Shapes& shapes, std::uint64_t seed) {
  ParameterList parameters;
  for (const auto& [name, shape] : shapes) {
    parameters.push_back({name, parameter(normal_tensor(shape, 1.0, Rng(seed)[name]))});
  }
  return parameters;
}

/// Parameters of each method that has a reference, as their modules name them.
const std::map<std::string, Shapes>& method_shapes() {
  static const Shapes shared{{"prompt_learner.ctx", {4, 8}}};
  static const Shapes meta_net{{"prompt_learner.ctx", {4, 8}},
                               {"prompt_learner.meta_net.linear1.weight", {2, 8}},
                               {"prompt_learner.meta_net.linear1.bias", {2}}};
  static const Shapes coupled{{"prompt_learner.ctx", {2, 8}},
                              {"prompt_learner.proj.weight", {8, 8}},
                              {"prompt_learner.compound_prompts_text.0", {2, 8}},
                              {"prompt_learner.compound_prompt_projections.0.bias", {8}}};
  static const Shapes both{{"prompt_learner.ctx", {4, 8}},
                           {"image_encoder.VPT", {4, 8}},
                           {"image_encoder.transformer.resblocks.1.VPT_shallow", {4, 8}},
                           {"text_encoder.transformer.resblocks.1.VPT_shallow", {4, 8}}};
  static const std::map<std::string, Shapes> methods{
      {"coop", shared},
      {"cocoop", meta_net},
      {"kgcoop", shared},
      {"prograd", shared},
      {"tcp", meta_net},
      {"maple", coupled},
      {"coprompt", {{"prompt_learner.ctx", {2, 8}}, {"adapter_image.fc.0.weight", {2, 8}}}},
      {"ivlp", both},
      {"vpt", {{"image_encoder.VPT", {4, 8}}}},
      {"promptsrc", both},
      {"dept", {{"prompt_learner.ctx", {4, 8}}, {"film_lp_img.scale", {8}}, {"linear_probe_proj.weight", {10, 8}}}},
      {"promptkd", {{"image_encoder.VPT", {4, 8}}, {"VPT_image_trans.conv1.0.weight", {8, 8, 1, 1}}}}};
  return methods;
}

/// What a whole model has beside what is learned.
TensorMap frozen_weights() {
  return {{"logit_scale", at::tensor(4.6)},
          {"prompt_learner.token_prefix", at::zeros({10, 1, 8}, at::kHalf)},
          {"prompt_learner.token_suffix", at::zeros({10, 72, 8}, at::kHalf)},
          {"prompt_learner.ZS_image_encoder.conv1.weight", at::zeros({1})},
          {"image_encoder.conv1.weight", at::zeros({8, 3, 2, 2}, at::kHalf)},
          {"text_encoder.transformer.resblocks.1.ln_1.weight", at::zeros({8})}};
}

void check_equal(const ParameterList& left, const ParameterList& right) {
  REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) CHECK(left[i].value.equal(right[i].value));
}

}  // namespace

TEST_CASE("every method comes back bit for bit from the file of its reference") {
  const TemporaryFolder folder;
  for (const auto& [method, shapes] : method_shapes()) {
    INFO(method);
    const auto path = reference_file(folder.path(), method, 50);
    std::filesystem::create_directories(path.parent_path());
    const auto saved = random_parameters(shapes, 1), other = random_parameters(shapes, 2);
    export_parameters(saved, method, 50, path);
    CHECK(restore_from_reference(other, path, method) == 50);
    check_equal(other, saved);
    for (const Parameter& parameter : other) CHECK((parameter.value.is_leaf() && parameter.value.requires_grad()));
  }
}

TEST_CASE("a reference's file lies where its trainer looks and has the trainer's keys") {
  CHECK(reference_file("run", "coop", 50) == "run/prompt_learner/model.pth.tar-50");
  CHECK(reference_file("run", "vpt", 5) == "run/prompt_learner/model.pth.tar-5");
  CHECK(reference_file("run", "maple", 5) == "run/MultiModalPromptLearner/model.pth.tar-5");
  CHECK(reference_file("run", "promptsrc", 20) == "run/VLPromptLearner/model.pth.tar-20");
  CHECK(reference_file("run", "dept", 10) == "run/PromptLearner/model.pth.tar-10");
  CHECK_THROWS_AS(reference_layout("clip"), OptionError);
  CHECK_THROWS_WITH(reference_layout("clip"), ContainsSubstring("\"clip\"; known are coop, cocoop"));
  const TemporaryFolder folder;
  export_parameters(random_parameters(method_shapes().at("cocoop"), 1), "cocoop", 10, folder / "cocoop");
  const auto alone = load_reference_checkpoint(folder / "cocoop");
  CHECK(alone.epoch == 10);
  CHECK(alone.state.size() == 3);
  CHECK(alone.state.count("ctx") == 1);
  CHECK(alone.state.count("meta_net.linear1.weight") == 1);
  export_parameters(random_parameters(method_shapes().at("ivlp"), 1), "ivlp", 10, folder / "ivlp");
  const auto whole = load_reference_checkpoint(folder / "ivlp");
  for (const auto& [name, shape] : method_shapes().at("ivlp")) CHECK(whole.state.count(name) == 1);
}

TEST_CASE("learned fp16 tensors are found among all the weights of a model") {
  const TemporaryFolder folder;
  for (const std::string method : {"maple", "ivlp", "coprompt", "coop"}) {
    INFO(method);
    const auto saved = random_parameters(method_shapes().at(method), 1),
               other = random_parameters(method_shapes().at(method), 2);
    ReferenceCheckpoint checkpoint{.state = frozen_weights(), .epoch = 5};
    for (const Parameter& parameter : saved) checkpoint.state[parameter.name] = parameter.value.to(at::kHalf);
    save_reference_checkpoint(folder / "model", checkpoint);
    CHECK(restore_from_reference(other, folder / "model", method) == 5);
    for (std::size_t i = 0; i < saved.size(); ++i) {
      CHECK(other[i].value.scalar_type() == at::kFloat);
      CHECK(other[i].value.equal(saved[i].value.to(at::kHalf).to(at::kFloat)));
    }
  }
}

// Made by torch.save of PyTorch 2.11, see tests/core/golden/make_torch_golden.py.
TEST_CASE("a checkpoint that PyTorch itself saved, with tensors that the method does not have, is refused") {
  const ParameterList context{{"prompt_learner.ctx", parameter(at::zeros({2, 2}))}};
  CHECK_THROWS_WITH(
      restore_from_reference(context, mao_test::source_dir() + "/tests/core/golden/torch_save.pth.tar", "coop"),
      ContainsSubstring("was not made by the method coop") && ContainsSubstring("matrix [3, 4]"));
  CHECK(context[0].value.equal(at::zeros({2, 2})));
}

TEST_CASE("a state dict without a checkpoint around it is of epoch 0") {
  const TemporaryFolder folder;
  write_torch_archive(folder / "some.pth", TensorMap{{"ctx", at::ones({4, 8})}});
  const ParameterList context{{"prompt_learner.ctx", parameter(at::zeros({4, 8}))}};
  CHECK(restore_from_reference(context, folder / "some.pth", "kgcoop") == 0);
  CHECK(context[0].value.equal(at::ones({4, 8})));
}

TEST_CASE("a reference's file without the parameters says what it lacks and what it has") {
  const TemporaryFolder folder;
  const auto path = folder / "model.pth.tar-5";
  ReferenceCheckpoint checkpoint{.state = frozen_weights(), .epoch = 5};
  for (const Parameter& parameter : random_parameters(method_shapes().at("maple"), 1)) {
    checkpoint.state[parameter.name] = parameter.value;
  }
  save_reference_checkpoint(path, checkpoint);
  const auto parameters = random_parameters(method_shapes().at("ivlp"), 2);
  CHECK_THROWS_AS(restore_from_reference(parameters, path, "ivlp"), OptionError);
  CHECK_THROWS_WITH(restore_from_reference(parameters, path, "ivlp"),
                    ContainsSubstring("model.pth.tar-5 lacks image_encoder.VPT, image_encoder.transformer") &&
                        ContainsSubstring("text_encoder.transformer.resblocks.1.VPT_shallow of the method ivlp") &&
                        ContainsSubstring("prompt_learner.proj.weight [8, 8]") &&
                        ContainsSubstring("VLPromptLearner/model.pth.tar-N") &&
                        ContainsSubstring("prompt_learner.ctx has shape [2, 8], expected [4, 8]") &&
                        !ContainsSubstring("token_prefix") && !ContainsSubstring("conv1") &&
                        !ContainsSubstring("ln_1") && !ContainsSubstring("logit_scale"));
  check_equal(parameters, random_parameters(method_shapes().at("ivlp"), 2));
  save_reference_checkpoint(path, {.state = frozen_weights(), .epoch = 5});
  CHECK_THROWS_WITH(restore_from_reference(parameters, path, "ivlp"), ContainsSubstring("nothing that looks learned"));
}

TEST_CASE("tensors of other shapes and types are all listed, and nothing is changed") {
  const TemporaryFolder folder;
  const auto path = folder / "model.pth.tar-5";
  const auto parameters = random_parameters(method_shapes().at("cocoop"), 2);
  save_reference_checkpoint(path, {.state = {{"ctx", at::ones({16, 8})},
                                             {"meta_net.linear1.weight", at::ones({2, 8}, at::kLong)},
                                             {"meta_net.linear1.bias", at::ones({2})}},
                                   .epoch = 5});
  CHECK_THROWS_AS(restore_from_reference(parameters, path, "cocoop"), ShapeError);
  CHECK_THROWS_WITH(restore_from_reference(parameters, path, "cocoop"),
                    ContainsSubstring("prompt_learner.ctx has shape [16, 8], expected [4, 8]") &&
                        ContainsSubstring("linear1.weight holds Long, expected Float") &&
                        !ContainsSubstring("linear1.bias"));
  check_equal(parameters, random_parameters(method_shapes().at("cocoop"), 2));
}

TEST_CASE("a checkpoint of another method, of which this one would take a part, is refused") {
  const TemporaryFolder folder;
  const auto path = folder / "model.pth.tar-5";
  export_parameters(random_parameters(method_shapes().at("cocoop"), 1), "cocoop", 5, path);
  const auto parameters = random_parameters(method_shapes().at("coop"), 2);
  CHECK_THROWS_AS(restore_from_reference(parameters, path, "coop"), OptionError);
  CHECK_THROWS_WITH(restore_from_reference(parameters, path, "coop"),
                    ContainsSubstring("not made by the method coop") &&
                        ContainsSubstring("meta_net.linear1.weight [") && !ContainsSubstring("ctx"));
  check_equal(parameters, random_parameters(method_shapes().at("coop"), 2));
}

TEST_CASE("a class-specific context of other classes says how many classes the file is of") {
  const TemporaryFolder folder;
  const auto path = folder / "model.pth.tar-50";
  const ParameterList parameters{{"prompt_learner.ctx", parameter(at::zeros({5, 4, 8}))}};
  const auto restore = [&](const Tensor& context) {
    save_reference_checkpoint(path,
                              {.state = {{"ctx", context}, {"token_prefix", at::zeros({10, 1, 8})}}, .epoch = 50});
    return restore_from_reference(parameters, path, "coop");
  };
  const auto classes = ContainsSubstring("a context for each of 5 classes, but the token_prefix of the file is of 10");
  CHECK_THROWS_AS(restore(at::ones({10, 4, 8})), ShapeError);
  CHECK_THROWS_WITH(restore(at::ones({10, 4, 8})), classes && ContainsSubstring("[10, 4, 8], expected [5, 4, 8]"));
  CHECK_THROWS_WITH(restore(at::ones({4, 8})), classes && ContainsSubstring("[4, 8], expected [5, 4, 8]"));
  CHECK_THROWS_WITH(restore(at::ones({5, 4, 8})), classes);
  CHECK(parameters[0].value.equal(at::zeros({5, 4, 8})));
}

TEST_CASE("what a reference would overlook is not exported, and a damaged checkpoint is not read") {
  const TemporaryFolder folder;
  const auto path = folder / "model.pth.tar-5";
  const auto parameters = random_parameters(method_shapes().at("ivlp"), 1);
  CHECK_THROWS_AS(export_parameters(parameters, "coop", 5, path), OptionError);
  CHECK_THROWS_WITH(export_parameters(parameters, "coop", 5, path), ContainsSubstring("alone, not image_encoder.VPT"));
  CHECK_THROWS_WITH(export_parameters(parameters, "ivlp", -1, path), ContainsSubstring("epoch = -1"));
  CHECK_THROWS_AS(export_parameters(parameters, "clip", 5, path), OptionError);
  CHECK_FALSE(std::filesystem::exists(path));
  for (const char* epoch : {"", "five", "-1", "5x", "99999999999"}) {
    write_torch_archive(path, {{"state_dict", TensorMap{{"ctx", at::ones({1})}}}, {"epoch", epoch}});
    CHECK_THROWS_AS(load_reference_checkpoint(path), FormatError);
  }
  write_torch_archive(path, {{"state_dict", TensorMap{}}, {"epoch", 5}});
  CHECK_THROWS_WITH(load_reference_checkpoint(path), ContainsSubstring("model.pth.tar-5 holds no tensors"));
}
