// SPDX-License-Identifier: Apache-2.0
#include <mao/models/wrappers.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

namespace {

mao::TensorFile under(const std::string& prefix, std::vector<std::string> names, std::vector<std::string> others = {}) {
  mao::TensorFile file;
  for (const std::string& name : names) file.tensors[prefix + name] = at::zeros({1});
  for (const std::string& name : others) file.tensors[name] = at::zeros({1});
  return file;
}

const std::vector<std::string> openai{"visual.conv1.weight", "token_embedding.weight", "logit_scale"},
    custom{"visual.proj", "text.token_embedding.weight"},
    hugging_face{"vision_model.pre_layrnorm.bias", "text_model.final_layer_norm.bias", "visual_projection.weight"};

}  // namespace

TEST_CASE("a model below any prefix is found") {
  for (const std::string prefix :
       {"", "state_dict.", "model.", "model_state_dict.", "module.", "_orig_mod.", "state_dict.module._orig_mod.",
        "_forward_module.model.", "state_dict.model.clip."}) {
    for (const auto& names : {openai, custom, hugging_face}) {
      INFO(prefix << names.front());
      const auto found = mao::unwrapped(under(prefix, names), "x.pt");
      CHECK(found.tensors.size() == names.size());
      for (const std::string& name : names) CHECK(found.tensors.contains(name));
    }
  }
  CHECK(mao::unwrapped(under("", {"ctx"}), "x.pt").tensors.contains("ctx"));
}

TEST_CASE("the state of the training beside the model is left out, anything else is refused by name") {
  const auto training =
      mao::unwrapped(under("state_dict.module.", openai, {"optimizer.state.x", "scaler._scale"}), "x.pt");
  CHECK(training.tensors.size() == openai.size());
  const auto refused = [](const mao::TensorFile& file, const std::string& reason) {
    CHECK_THROWS_AS(mao::unwrapped(file, "x.pt"), mao::FormatError);
    CHECK_THROWS_WITH(mao::unwrapped(file, "x.pt"), ContainsSubstring(reason));
  };
  refused(under("state_dict.model.", openai, {"state_dict.head.weight"}), "there is \"state_dict.head.weight\" too");
  refused(under("state_dict.", openai, {"centres"}), "there is \"centres\" too");
  auto two = under("student.", openai);
  two.tensors.merge(under("teacher.", openai).tensors);
  refused(two, "several models, below \"student.\" and \"teacher.\"");
}

TEST_CASE("weights of integers are refused by name, counters are not weights") {
  mao::TensorMap tensors = under("", openai).tensors;
  tensors["text_model.embeddings.position_ids"] = at::zeros({1}, at::kLong);
  tensors["input_resolution"] = at::zeros({}, at::kLong);
  CHECK_NOTHROW(mao::expect_real_weights(tensors, "x.pt"));
  tensors["visual.conv1.weight"] = at::zeros({1}, at::kChar);
  CHECK_THROWS_WITH(mao::expect_real_weights(tensors, "x.pt"),
                    ContainsSubstring("x.pt: visual.conv1.weight is of type Char"));
}

TEST_CASE("the modules of a model below a prefix keep their records, its root the code around it") {
  auto file = under("net.model.", openai);
  file.modules = {{"", {"Outer", {}, "outer code"}},
                  {"net", {"Sequential", {}, ""}},
                  {"net.model", {"CLIP", {{"context_length", "77"}}, "own code, "}},
                  {"net.model.visual", {"VisionTransformer", {}, ""}},
                  {"net.modelling", {"Other", {}, "other code"}}};
  const auto modules = mao::unwrapped(std::move(file), "x.pt").modules;
  REQUIRE(modules.size() == 2);
  CHECK(modules.at("").attributes.at("context_length") == "77");
  CHECK(modules.at("").code == "own code, outer code");
  CHECK(modules.at("visual").type == "VisionTransformer");
}
