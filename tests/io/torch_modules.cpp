// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/setting_text.hpp>
#include <mao/io/detail/torch_modules.hpp>

#include <mao/io/torch_archive.hpp>

#include "core/zip_builder.hpp"

#include <support/catch.hpp>
#include <support/folders.hpp>

TEST_CASE("a module that was saved whole gives classes and attributes of its modules as data") {
  for (const char* name : {"whole_module.pt", "legacy_module.pt"}) {
    INFO(name);
    const auto modules = mao::read_torch_archive(mao_test::torch_files() / name).modules;
    REQUIRE(modules.size() == 3);
    const auto& linear = modules.at("projection");
    CHECK(linear.type == "torch.nn.modules.linear.Linear");
    CHECK(linear.code.empty());
    CHECK(linear.attributes.at("in_features") == "2");
    CHECK(linear.attributes.at("training") == "true");
    CHECK(linear.attributes.at("weight") == "tensor");
    CHECK(modules.at("visual").attributes.at("absent") == "None");
    CHECK(modules.at("visual").attributes.at("mask") == "tensor");
    CHECK(modules.at("").attributes.at("other") == "tensor");
    CHECK(modules.at("").tensors.at("other").item<float>() == 9);  // beside the state dict
    CHECK(modules.at("visual").tensors.at("mask").numel() == 2);
    CHECK(modules.at("visual").hook.empty());
    CHECK(linear.tensors.empty());
    CHECK_FALSE(modules.at("").attributes.contains("_modules"));
  }
  CHECK(mao::read_torch_archive(mao_test::torch_files() / "state_dict.pth").modules.empty());
}

TEST_CASE("a TorchScript archive of PyTorch gives the code of its classes as text") {
  for (const char* name : {"traced_block.pt", "traced_fast.pt", "scripted_block.pt"}) {
    INFO(name);
    const auto modules = mao::read_torch_archive(mao_test::torch_files() / name).modules;
    REQUIRE(modules.contains("attn.out_proj"));
    CHECK(modules.at("attn").type == "torch.nn.modules.activation.MultiheadAttention");
    CHECK(modules.at("attn").attributes.at("in_proj_weight") == "tensor");
    for (const auto& [path, module] : modules) {
      INFO(path);
      CHECK(module.code.starts_with("class " + module.type.substr(module.type.rfind('.') + 1) + "(Module):"));
    }
  }
  CHECK(mao::read_torch_archive(mao_test::torch_files() / "torch_script.pt").modules.at("visual.conv1").code.empty());
}

TEST_CASE("names of TorchScript's classes lose what tells copies apart") {
  using mao::detail::script_type;
  CHECK(script_type("__torch__.open_clip.transformer.QuickGELU") == "open_clip.transformer.QuickGELU");
  CHECK(script_type("__torch__.open_clip.transformer.___torch_mangle_15.QuickGELU") ==
        "open_clip.transformer.QuickGELU");
  CHECK(script_type("__torch__.Both") == "Both");
}

TEST_CASE("a class is found in its file among others, or is empty") {
  mao_test::ZipBuilder builder;
  builder.add_deflated("a/code/__torch__/m.py", "class A(Module):\n  x : int\nclass AB(Module):\n  y : int\n");
  builder.add("a/code/__torch__.py", "class Root(Module):\n  z : int\n");
  const mao::ZipArchive archive(mao::copy_bytes(builder.finished(), "x.pt"));
  mao::detail::ScriptCode code(archive, "a/");
  CHECK(code.definition("__torch__.m.A") == "class A(Module):\n  x : int");
  CHECK(code.definition("__torch__.m.AB") == "class AB(Module):\n  y : int\n");
  CHECK(code.definition("__torch__.Root") == "class Root(Module):\n  z : int\n");
  CHECK(code.definition("__torch__.m.B").empty());
  CHECK(code.definition("__torch__.n.A").empty());
}

TEST_CASE("numbers of attributes read back as they were") {
  CHECK(mao::detail::exact_text(1e-5) == "1e-05");
  CHECK(std::stod(mao::detail::exact_text(0.26862954)) == 0.26862954);
}

TEST_CASE("hooks of a pickled module and functions in its place are told by name") {
  const auto modules = mao::read_torch_archive(mao_test::torch_files() / "hooked_module.pt").modules;
  CHECK(modules.at("normed").hook == "_forward_pre_hooks: torch.nn.utils.weight_norm.WeightNorm");
  CHECK(modules.at("pruned").hook == "_forward_pre_hooks: torch.nn.utils.prune.L1Unstructured");
  CHECK(modules.at("watched").hook == "_forward_hooks: math.sqrt");
  CHECK(modules.at("patched").attributes.at("forward") == "math.sqrt");
  CHECK(modules.at("bound").attributes.at("forward") == "__builtin__.getattr");
  CHECK(modules.at("").hook.empty());
  CHECK(modules.at("").attributes.at("_modules.order") == "normed, pruned, watched, patched, bound");
  CHECK(modules.at("bound").tensors.at("kept").item<float>() == 5);  // a tensor with attributes of its own
}
