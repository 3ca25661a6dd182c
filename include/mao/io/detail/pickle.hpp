// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads Python pickles of protocols 2 to 5 without ever running what they ask for: classes and functions become
/// records.
///
/// Enough for `torch.save`, TorchScript archives and the few-shot files of CoOp. Files are treated as hostile.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mao/io/detail/pickle_stack.hpp>
#include <mao/io/detail/pickle_value.hpp>

namespace mao {

namespace detail {

/// The operations of the pickle format. One use: construct, `run()`.
class PickleMachine : PickleStack {
 public:
  using PickleStack::PickleStack;

  PickleValue run() {
    for (std::uint64_t count = 1;; ++count) {
      check(count <= limits_.operations, "has more than ", limits_.operations, " operations");
      check(stack_.size() <= limits_.stack, "keeps more than ", limits_.stack, " values waiting");
      const auto opcode = operand<std::uint8_t>();
      if (opcode == '.') return {document_, pop()};
      const bool known =
          run_number(opcode) || run_text(opcode) || run_container(opcode) || run_memo(opcode) || run_object(opcode);
      check(known, "uses the operation ", static_cast<int>(opcode), " at offset ", position_ - 1,
            ", which is not needed for tensors and plain data");
    }
  }

  /// Where the pickle ended.
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  // The operations by kind, one a line; each function says whether the operation is its own.
  // clang-format off
  bool run_number(std::uint8_t opcode) {
    switch (opcode) {
      case 'N': return push_kind(PickleKind::none);
      case 0x88: return push_boolean(true);
      case 0x89: return push_boolean(false);
      case 'J': return push_integer(operand<std::int32_t>());
      case 'K': return push_integer(operand<std::uint8_t>());
      case 'M': return push_integer(operand<std::uint16_t>());
      case 0x8a: return push_long(take(operand<std::uint8_t>()));
      case 0x8b: return push_long(take(operand<std::uint32_t>()));
      case 'G': return push_real();
      default: return false;
    }
  }

  bool run_text(std::uint8_t opcode) {
    switch (opcode) {
      case 0x8c: return push_text(PickleKind::text, take(operand<std::uint8_t>()));
      case 'X': return push_text(PickleKind::text, take(operand<std::uint32_t>()));
      case 0x8d: return push_text(PickleKind::text, take(operand<std::uint64_t>()));
      case 'U':
      case 'C': return push_text(PickleKind::bytes, take(operand<std::uint8_t>()));
      case 'T':
      case 'B': return push_text(PickleKind::bytes, take(operand<std::uint32_t>()));
      case 0x8e:
      case 0x96: return push_text(PickleKind::bytes, take(operand<std::uint64_t>()));
      default: return false;
    }
  }

  bool run_container(std::uint8_t opcode) {
    switch (opcode) {
      case '(': marks_.push_back(stack_.size()); return true;
      case ')': return push_kind(PickleKind::tuple);
      case 0x85: return push_elements(PickleKind::tuple, pop_last(1));
      case 0x86: return push_elements(PickleKind::tuple, pop_last(2));
      case 0x87: return push_elements(PickleKind::tuple, pop_last(3));
      case 't': return push_elements(PickleKind::tuple, pop_to_mark());
      case 'l': return push_elements(PickleKind::list, pop_to_mark());
      case 0x91: return push_elements(PickleKind::set, pop_to_mark());
      case ']': return push_kind(PickleKind::list);
      case '}': return push_kind(PickleKind::dict);
      case 0x8f: return push_kind(PickleKind::set);
      case 'a': return append(pop_last(1));
      case 'e':
      case 0x90: return append(pop_to_mark());
      case 's': return set_entries(pop_last(2));
      case 'u': return set_entries(pop_to_mark());
      case '0': return pop_value_or_mark();
      case '1': pop_to_mark(); return true;
      case '2': stack_.push_back(top()); return true;
      default: return false;
    }
  }

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

  bool run_object(std::uint8_t opcode) {
    switch (opcode) {
      case 0x80: return check_protocol(operand<std::uint8_t>());
      case 0x95: operand<std::uint64_t>(); return true;  // a frame's length is only a hint for buffering
      case 'c': return push_line_global();
      case 0x93: return push_stack_global();
      case 'Q': return push({.kind = PickleKind::persistent, .arguments = pop()});
      case 'R':
      case 0x81: return push_object(pop());
      case 0x92: pop(); return push_object(pop());  // keyword arguments are dropped
      case 'b': return set_state(pop());
      default: return false;
    }
  }
  // clang-format on

  /// A two's complement integer of any length; beyond 64 bits it stays bytes.
  bool push_long(std::string_view digits) {
    if (digits.size() > 8) return push_text(PickleKind::bytes, digits);
    std::uint64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    std::memcpy(&value, digits.data(), digits.size());
    return push_integer(static_cast<std::int64_t>(value));
  }

  bool push_real() {
    std::uint64_t bits = 0;
    for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    return push({.kind = PickleKind::real, .real = std::bit_cast<double>(bits)});
  }

  bool check_protocol(int version) const {
    check(version <= 5, "has protocol ", version, ", expected at most 5");
    return true;
  }

  bool push_global(std::string_view module, std::string_view name) {
    name_bytes_ += module.size() + name.size();
    check(name_bytes_ <= limits_.name_bytes, "takes more than ", limits_.name_bytes, " bytes to name classes");
    return push_text(PickleKind::global, std::string(module) + "." + std::string(name));
  }

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
inline PickleValue parse_pickle_at(std::span<const char> bytes, std::uint64_t& offset, const std::string& name,
                                   const PickleLimits& limits = {}) {
  require<FormatError>(offset <= bytes.size(), name, " is truncated: a pickle is expected at byte ", offset, " of ",
                       bytes.size());
  detail::PickleMachine machine(bytes.subspan(static_cast<std::size_t>(offset)), name, limits);
  PickleValue value = machine.run();
  offset += machine.position();
  return value;
}

}  // namespace mao
