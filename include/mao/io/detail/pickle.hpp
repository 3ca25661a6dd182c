// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads Python pickles of protocols 2 to 5 without ever running what they ask for: classes and functions become
/// records.
///
/// Enough for `torch.save`, TorchScript archives and the few-shot files of CoOp. Files are treated as hostile.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <mao/io/detail/pickle_stack.hpp>
#include <mao/io/detail/pickle_value.hpp>

namespace mao {

namespace detail {

/// The operations of the pickle format. One use: construct, `run()`.
class PickleMachine : PickleStack {
 public:
  using PickleStack::PickleStack;

  PickleValue run();

  /// Where the pickle ended.
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  // The operations by kind, one per line; each function says whether the operation is its own.
  // clang-format off
  bool run_number(std::uint8_t opcode);

  bool run_text(std::uint8_t opcode);

  bool run_container(std::uint8_t opcode);

  bool run_memo(std::uint8_t opcode) {
    switch (opcode) {
      case 'q': return remember(operand<std::uint8_t>());
      case 'r': return remember(operand<std::uint32_t>());
      case 0x94: return remember(static_cast<std::uint32_t>(memo_.size()));
      case 'h': return recall(operand<std::uint8_t>());
      case 'j': return recall(operand<std::uint32_t>());
      default: return false;
    }
  }

  bool run_object(std::uint8_t opcode);
  // clang-format on

  /// A two's complement integer of any length; beyond 64 bits it stays bytes.
  bool push_long(std::string_view digits);

  bool push_real();

  bool check_protocol(int version) const {
    check(version <= 5, "has protocol ", version, ", expected at most 5");
    return true;
  }

  bool push_global(std::string_view module, std::string_view name);

  bool push_line_global() {
    const std::string_view module = line();
    return push_global(module, line());
  }

  bool push_stack_global() {
    const PickleId name = pop();
    const PickleId module = pop();
    check(node(name).kind == PickleKind::text && node(module).kind == PickleKind::text,
          "names a class by something else than text");
    return push_global(node(module).text, node(name).text);
  }

  bool push_object(PickleId arguments) {
    const PickleId callable = class_behind(pop());
    check(node(callable).kind == PickleKind::global, "calls a ", kind_name(node(callable).kind),
          ", expected a named class or function");
    return push({.kind = PickleKind::object, .callable = callable, .arguments = arguments});
  }

  /// PyTorch's older format names the class of a module by a persistent id: ("module", class, source file, source).
  PickleId class_behind(PickleId callable) {
    if (node(callable).kind != PickleKind::persistent) return callable;
    const PickleNode& id = node(node(callable).arguments);
    const bool is_module =
        id.kind == PickleKind::tuple && id.elements.size() == 4 && node(id.elements[0]).text == "module";
    return is_module ? id.elements[1] : callable;
  }

  bool set_state(PickleId state) {
    PickleNode& target = node(top());
    check(target.kind == PickleKind::object, "sets the state of a ", kind_name(target.kind));
    target.state = state;
    return true;
  }
};

}  // namespace detail

/// Reads one pickle. Nothing in it is executed; what follows its end is ignored.
///
/// **Throws** `FormatError`, starting with `name`, when it is truncated, inconsistent, exceeds the limits or needs an
/// operation outside plain data (extension registry, out-of-band buffers, protocol 0 texts).
inline PickleValue parse_pickle(std::span<const char> bytes, const std::string& name, const PickleLimits& limits = {}) {
  return detail::PickleMachine(bytes, name, limits).run();
}

/// As `parse_pickle`, from `offset` on, which is moved behind the pickle's end: for files that hold several.
PickleValue parse_pickle_at(std::span<const char> bytes, std::uint64_t& offset, const std::string& name,
                            const PickleLimits& limits = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/pickle.ipp>
#endif
