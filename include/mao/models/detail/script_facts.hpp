// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Heads, epsilon and activation of one module, from its attributes or its TorchScript code.
///
/// **Source** code as torch.jit.trace and torch.jit.script of PyTorch 2.x write it.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <mao/io/named_tensors.hpp>
#include <mao/models/form.hpp>

namespace mao::detail {

/// The number that a text begins with.
template <class Number>
std::optional<Number> leading_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}
inline std::optional<std::int64_t> leading_integer(std::string_view text) { return leading_number<std::int64_t>(text); }

/// Whether a module's code is that of a trace: what happened once, without attributes to decide by.
bool is_trace(const ModuleRecord& module);

/// A text that is a number and nothing else.
std::optional<std::int64_t> constant(std::string_view text);

/// The part of a list behind that many commas.
std::string_view element(std::string_view list, int position);

/// Of an attention module; nothing for others, and for code that computes it from its inputs.
std::optional<std::int64_t> heads_of(const ModuleRecord& module);

/// Of a layer norm.
std::optional<double> epsilon_of(const ModuleRecord& module);

/// Stride, padding and dilation of a convolution, `16, 16; 0, 0; 1, 1`, from its attributes or its code; empty where
/// neither says them.
std::string window_of(const ModuleRecord& module);

/// An operation in a module's code that its class does not have, such as that of a hook which was traced along; empty
/// for a module without code, and for one whose class is not looked at.
std::string foreign_operation(const ModuleRecord& module);

/// By the class; nothing for one that is not a GELU.
std::optional<Activation> activation_of(const ModuleRecord& module);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/script_facts.ipp>
#endif
