// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/script_facts.hpp>

#include <mao/io/torch_archive.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

using namespace mao;
using namespace mao::detail;

namespace {

const std::string script_attention = "torch.nn.modules.activation.MultiheadAttention";

/// As torch.jit.trace writes attention.
std::string traced(const std::string& sizes) {
  return "class MultiheadAttention(Module):\n  def forward(self):\n    q0 = torch.transpose(torch.view(q, _19), 0, 1)\n"
         "    q1 = torch.view(q0, " +
         sizes + ")\n    attn_output = torch.scaled_dot_product_attention(q1, k1, v1)\n";
}

std::optional<double> epsilon_in(const std::string& call) {
  return epsilon_of({"open_clip.transformer.LayerNorm", {}, "class LayerNorm(Module):\n    x = " + call + "\n"});
}

}  // namespace

TEST_CASE("heads are an attribute, a constant, or the literal size of a trace's view") {
  CHECK(heads_of({script_attention, {{"num_heads", "3"}}}) == 3);
  CHECK(heads_of({"A", {}, "class A(Module):\n  num_heads : Final[int] = 12\n"}) == 12);
  CHECK(heads_of({script_attention, {}, traced("[_6, 3, _1, _10]")}) == 3);
  CHECK(heads_of({script_attention, {}, traced("[1, 16, 37, 80]")}) == 16);
  CHECK(heads_of({script_attention, {}, "torch._native_multi_head_attention(q, q, q, 8, 2, w, b"}) == 2);
}

TEST_CASE("heads that a trace computes are not guessed") {
  for (const char* sizes : {"[_6, _7, _1, _10]", "[_6, 3, _1]", "[_6, int(3), _1, _10]", "_19", "[", "[,,,"}) {
    INFO(sizes);
    CHECK_FALSE(heads_of({script_attention, {}, traced(sizes)}));
  }
  CHECK_FALSE(heads_of({script_attention, {}, "torch._native_multi_head_attention(q, q, q, 8, _1, w"}));
  CHECK_FALSE(heads_of({"other.Attention", {}, traced("[_6, 3, _1, _10]")}));
  CHECK_FALSE(heads_of({script_attention, {}, "torch.scaled_dot_product_attention("}));
  CHECK_FALSE(heads_of({"torch.nn.modules.linear.Linear", {{"in_features", "3"}}}));
}

TEST_CASE("the epsilon of a layer norm is an attribute, a constant, or an argument that is left out when it is 1e-5") {
  CHECK(epsilon_of({"LayerNorm", {{"eps", "1e-06"}}}) == 1e-6);
  CHECK(epsilon_of({"LayerNorm", {}, "class LayerNorm(Module):\n  eps : Final[float] = 1.0000000000000001e-05\n"}) ==
        1e-5);
  CHECK(epsilon_in("torch.layer_norm(input, [192], weight, bias)") == 1e-5);
  CHECK(epsilon_in("torch.layer_norm(input, [192], weight, bias, 0.001)") == 0.001);
  CHECK_FALSE(epsilon_in("torch.layer_norm(input, [192], weight, bias, _3)"));
  CHECK_FALSE(epsilon_in("torch.layer_norm(input, [192], None, None)"));
}

TEST_CASE("the activation is known by its class, nn.GELU by its form too") {
  CHECK(activation_of({"clip.model.QuickGELU", {}}) == Activation::QuickGelu);
  CHECK(activation_of({"transformers.activations.QuickGELUActivation", {}}) == Activation::QuickGelu);
  CHECK(activation_of({"torch.nn.modules.activation.GELU", {}}) == Activation::Gelu);
  CHECK(activation_of({"torch.nn.modules.activation.GELU", {{"approximate", "tanh"}}}) == Activation::GeluTanh);
  CHECK(activation_of({"torch.nn.modules.activation.GELU", {}, "torch.gelu(x, approximate=\"tanh\")"}) ==
        Activation::GeluTanh);
  CHECK_FALSE(activation_of({"torch.nn.modules.activation.ReLU", {}}));
}

TEST_CASE("what PyTorch's own trace and script of a block say is read") {
  for (const char* name : {"traced_block.pt", "traced_fast.pt", "scripted_block.pt"}) {
    INFO(name);
    const auto modules = read_torch_archive(mao_test::source_dir() + "/tests/core/golden/" + name).modules;
    CHECK(heads_of(modules.at("attn")) == 2);
    CHECK(epsilon_of(modules.at("ln")) == 1e-6);
    CHECK(activation_of(modules.at("gelu")) == Activation::GeluTanh);
  }
}

TEST_CASE("a convolution's window is read off its attributes or its code") {
  const std::string type = "torch.nn.modules.conv.Conv2d";
  const auto code = [&](const std::string& call) {
    return window_of({type, {}, "class Conv2d(Module):\n    " + call + "\n"});
  };
  CHECK(window_of({type, {{"stride", "16, 16"}, {"padding", "0, 0"}, {"dilation", "1, 1"}}}) == "16, 16; 0, 0; 1, 1");
  CHECK(window_of({type, {{"stride", "8, 8"}, {"padding", "valid"}}}) == "8, 8; 0, 0; 1, 1");
  CHECK(window_of({type, {{"stride", "16, 16"}, {"padding", "same"}}}) == "16, 16; same; 1, 1");
  CHECK(code("x = torch._convolution(input, weight, None, [16, 16], [2, 2], [1, 1], False, [0, 0], 1)") ==
        "16, 16; 2, 2; 1, 1");
  CHECK(code("_1 = torch.conv2d(input, weight, bias, [8, 8], [0, 0], [1, 1])") == "8, 8; 0, 0; 1, 1");
  CHECK(code("_1 = torch.conv2d(input, weight, bias, [8, 8])") == "8, 8; 0, 0; 1, 1");
  CHECK(window_of({type, {}}).empty());
}

TEST_CASE("an operation that a class does not have is seen in its code") {
  const auto foreign = [](const std::string& type, const std::string& code) {
    return foreign_operation({type, {}, "class X(Module):\n  def forward(self):\n" + code});
  };
  const std::string block = "clip.model.ResidualAttentionBlock";
  CHECK(foreign(block, "    x = torch.add(a, b)\n    x0 = torch.add(x, c)\n    y = torch.to(x0, 6)\n").empty());
  CHECK(foreign(block, "    x = torch.add(a, torch.mul(b, CONSTANTS.c0))\n") == "mul");
  CHECK(foreign(block, "    x = torch.add(a, b)\n    x = torch.add(x, c)\n    x = torch.add(x, d)\n") == "add");
  CHECK(foreign("torch.nn.modules.container.Sequential", "    y = torch.relu_(x)\n") == "relu_");
  CHECK(foreign("open_clip.transformer.QuickGELU", "    y = torch.mul(x, torch.tanh(x))\n") == "tanh");
  CHECK(foreign("open_clip.transformer.LayerNorm", "    y = __torch__.torch.nn.functional.layer_norm(x)\n").empty());
  CHECK(foreign("some.Other", "    y = torch.relu(x)\n").empty());  // its class is not looked at
}
