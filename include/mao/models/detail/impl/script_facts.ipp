// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/script_facts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mao/config.hpp>

namespace mao::detail {

/// What stands between `start` and the end of its line.
MAO_INLINE std::optional<std::string_view> rest_of_line(std::string_view code, std::string_view start) {
  const std::size_t at = code.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  code.remove_prefix(at + start.size());
  return code.substr(0, code.find('\n'));
}

MAO_INLINE bool is_trace(const ModuleRecord& module) {
  return module.code.find("  def forward(") != std::string::npos && !module.attributes.contains("pool_type") &&
         !module.attributes.contains("text_pool_type");
}

MAO_INLINE std::optional<std::int64_t> constant(std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? leading_integer(text) : std::nullopt;
}

MAO_INLINE std::string_view element(std::string_view list, int position) {
  for (int i = 0; i < position; ++i)
    list.remove_prefix(std::min(list.size(), std::min(list.size(), list.find(", ")) + 2));
  return list.substr(0, list.find_first_of(",)]"));
}

/// An argument of the fused attention that PyTorch takes without gradients, or the second of the four sizes [batch,
/// heads, length, channels] that queries are viewed with before attention.
MAO_INLINE std::optional<std::int64_t> traced_heads(std::string_view code) {
  if (const auto fused = rest_of_line(code, "torch._native_multi_head_attention(")) return constant(element(*fused, 4));
  const auto call = rest_of_line(code, "torch.scaled_dot_product_attention(");
  if (!call) return std::nullopt;
  const auto view = rest_of_line(code, " " + std::string(element(*call, 0)) + " = torch.view(");
  const std::size_t open = view ? view->find('[') : std::string_view::npos;
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view sizes = view->substr(open + 1, view->find(']', open) - open - 1);
  return std::ranges::count(sizes, ',') == 3 ? constant(element(sizes, 1)) : std::nullopt;
}

MAO_INLINE std::optional<std::int64_t> heads_of(const ModuleRecord& module) {
  if (const auto heads = module.attributes.find("num_heads"); heads != module.attributes.end()) {
    return leading_integer(heads->second);
  }
  if (const auto said = rest_of_line(module.code, "  num_heads : Final[int] = ")) return constant(*said);
  return module.type == "torch.nn.modules.activation.MultiheadAttention" ? traced_heads(module.code) : std::nullopt;
}

MAO_INLINE std::optional<double> epsilon_of(const ModuleRecord& module) {
  if (const auto epsilon = module.attributes.find("eps"); epsilon != module.attributes.end()) {
    return leading_number<double>(epsilon->second);
  }
  if (const auto constant = rest_of_line(module.code, "  eps : Final[float] = ")) {
    return leading_number<double>(*constant);
  }
  const auto call = rest_of_line(module.code, "torch.layer_norm(");
  constexpr std::string_view before = "], weight, bias";
  const std::size_t at = call ? call->find(before) : std::string_view::npos;
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = call->substr(at + before.size());
  if (rest.starts_with(')')) return 1e-5;  // the default is not written
  return rest.starts_with(", ") ? leading_number<double>(rest.substr(2)) : std::nullopt;
}

MAO_INLINE std::string window_of(const ModuleRecord& module) {
  std::array<std::string, 3> lists{"", "0, 0", "1, 1"};
  constexpr std::array<const char*, 3> names{"stride", "padding", "dilation"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto stated = module.attributes.find(names[i]);
    if (stated != module.attributes.end() && stated->second != "valid") lists[i] = stated->second;
  }
  for (const char* call : {"torch._convolution(", "torch.conv2d("}) {
    auto rest = lists[0].empty() ? rest_of_line(module.code, call) : std::nullopt;
    for (std::size_t i = 0; rest && i < lists.size() && rest->find('[') != std::string_view::npos; ++i) {
      rest->remove_prefix(rest->find('[') + 1);
      lists[i] = rest->substr(0, rest->find(']'));
    }
  }
  return lists[0].empty() ? std::string() : lists[0] + "; " + lists[1] + "; " + lists[2];
}

/// What changes numbers in the code of the classes that a CLIP is made of, and how often at most. Others arrange them.
struct CodeOfClass {
  std::string_view name;
  std::map<std::string_view, int> operations;
};

MAO_INLINE const std::vector<CodeOfClass>& codes_of_classes() {
  static const std::vector<CodeOfClass> known{
      {"Linear", {{"linear", 1}}},
      {"NonDynamicallyQuantizableLinear", {{"linear", 1}}},
      {"LayerNorm", {{"layer_norm", 1}}},
      {"Conv2d", {{"_convolution", 1}, {"conv2d", 1}}},
      {"Embedding", {{"embedding", 1}}},
      {"Identity", {}},
      {"Sequential", {}},
      {"ModuleList", {}},
      {"Transformer", {}},
      {"ResidualAttentionBlock", {{"add", 2}}},
      {"QuickGELU", {{"mul", 2}, {"sigmoid", 1}}},
      {"transformer.VisionTransformer", {{"add", 1}, {"matmul", 1}, {"mean", 1}}},  // open_clip's
      {"model.VisionTransformer", {{"add", 2}, {"matmul", 1}}},                     // OpenAI's
      {"LayerScale", {{"mul", 1}, {"mul_", 1}}},
      {"GELU", {{"gelu", 1}}},
      {"CLIPEncoder", {}},
      {"CLIPEncoderLayer", {{"add", 2}}},
      {"CLIPMLP", {}},
      {"CLIPTextEmbeddings", {{"add", 1}}},
      {"CLIPVisionEmbeddings", {{"add", 1}}},
      {"QuickGELUActivation", {{"mul", 2}, {"sigmoid", 1}}}};
  return known;
}

/// Whether an operation leaves all numbers as they are, or is one of Python's.
MAO_INLINE bool only_arranges(std::string_view operation) {
  static constexpr std::array<std::string_view, 21> known{
      "to",         "size",      "view",   "reshape", "transpose", "permute", "expand",
      "contiguous", "slice",     "select", "cat",     "unsqueeze", "squeeze", "flatten",
      "unflatten",  "expand_as", "device", "arange",  "eq",        "t",       "zeros"};
  return operation.starts_with("__") || std::ranges::find(known, operation) != known.end();
}

MAO_INLINE std::string foreign_operation(const ModuleRecord& module) {
  const auto is_of = [&](const CodeOfClass& each) {
    return ("." + module.type).ends_with("." + std::string(each.name));
  };
  const auto known = std::ranges::find_if(codes_of_classes(), is_of);
  if (known == codes_of_classes().end()) return {};
  std::map<std::string_view, int> left = known->operations;
  constexpr std::string_view prefix = "torch.";
  std::string_view code = module.code;
  for (std::size_t at = code.find(prefix); at != std::string_view::npos; at = code.find(prefix, at + 1)) {
    if (at == 0 || (code[at - 1] != ' ' && code[at - 1] != '(')) continue;  // of __torch__.torch.nn
    const std::string_view rest = code.substr(at + prefix.size());
    const std::string_view operation = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"));
    if (!rest.substr(operation.size()).starts_with('(') || only_arranges(operation)) continue;
    if (--left[operation] < 0) return std::string(operation);
  }
  return {};
}

MAO_INLINE std::optional<Activation> activation_of(const ModuleRecord& module) {
  static constexpr std::array<std::pair<std::string_view, Activation>, 8> known{
      {{"QuickGELU", Activation::QuickGelu},
       {"QuickGELUActivation", Activation::QuickGelu},
       {"GELUActivation", Activation::Gelu},
       {"NewGELUActivation", Activation::GeluTanh},
       {"PytorchGELUTanh", Activation::GeluTanh},
       {"GELUTanh", Activation::GeluTanh},
       {"FastGELUActivation", Activation::GeluTanh},
       {"GELU", Activation::Gelu}}};
  const std::string_view name = std::string_view(module.type).substr(module.type.rfind('.') + 1);
  const auto found = std::ranges::find(known, name, [](const auto& entry) { return entry.first; });
  if (found == known.end()) return std::nullopt;
  if (name != "GELU") return found->second;
  const auto form = module.attributes.find("approximate");
  const bool tanh = form != module.attributes.end() ? form->second == "tanh"
                                                    : module.code.find("approximate=\"tanh\"") != std::string::npos;
  return tanh ? Activation::GeluTanh : Activation::Gelu;
}

}  // namespace mao::detail
