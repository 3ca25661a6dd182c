// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/pickle.hpp>

#include <bit>
#include <cstddef>
#include <cstring>
#include <vector>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE PickleValue PickleMachine::run() {
  for (std::uint64_t count = 1;; ++count) {
    check(count <= limits_.operations, "has more than ", limits_.operations, " operations");
    check(stack_.size() <= limits_.stack, "keeps more than ", limits_.stack, " values waiting");
    const auto opcode = operand<std::uint8_t>();
    if (opcode == '.') return {document_, pop()};
    const bool known =
        run_number(opcode) || run_text(opcode) || run_container(opcode) || run_memo(opcode) || run_object(opcode);
    check(known, "uses the operation ", static_cast<int>(opcode), " at offset ", position_ - 1,
          ", which is not needed for tensors and plain data; expected what pickle writes with protocol 2 or newer");
  }
}

MAO_INLINE bool PickleMachine::run_number(std::uint8_t opcode) {
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

MAO_INLINE bool PickleMachine::run_text(std::uint8_t opcode) {
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

MAO_INLINE bool PickleMachine::run_container(std::uint8_t opcode) {
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

MAO_INLINE bool PickleMachine::run_object(std::uint8_t opcode) {
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

MAO_INLINE bool PickleMachine::push_long(std::string_view digits) {
  if (digits.size() > 8) return push_text(PickleKind::bytes, digits);
  std::uint64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  std::memcpy(&value, digits.data(), digits.size());
  return push_integer(static_cast<std::int64_t>(value));
}

MAO_INLINE bool PickleMachine::push_real() {
  std::uint64_t bits = 0;
  for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
  return push({.kind = PickleKind::real, .real = std::bit_cast<double>(bits)});
}

MAO_INLINE bool PickleMachine::push_global(std::string_view module, std::string_view name) {
  name_bytes_ += module.size() + name.size();
  check(name_bytes_ <= limits_.name_bytes, "takes more than ", limits_.name_bytes, " bytes to name classes");
  return push_text(PickleKind::global, std::string(module) + "." + std::string(name));
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE PickleValue parse_pickle_at(std::span<const char> bytes, std::uint64_t& offset, const std::string& name,
                                       const PickleLimits& limits) {
  require<FormatError>(offset <= bytes.size(), name, " is truncated: a pickle is expected at byte ", offset, " of ",
                       bytes.size());
  detail::PickleMachine machine(bytes.subspan(static_cast<std::size_t>(offset)), name, limits);
  PickleValue value = machine.run();
  offset += machine.position();
  return value;
}

}  // namespace mao
