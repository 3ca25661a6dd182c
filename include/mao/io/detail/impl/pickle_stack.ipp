// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/pickle_stack.hpp>

#include <mao/config.hpp>
#include <mao/io/detail/bytes.hpp>

namespace mao::detail {

MAO_INLINE std::string_view PickleStack::take(std::uint64_t length) {
  check(inside(position_, length, code_.size()), "is truncated: ", length, " bytes are expected at offset ",
        position_, " of ", code_.size());
  const std::string_view bytes(code_.data() + position_, static_cast<std::size_t>(length));
  position_ += length;
  return bytes;
}

MAO_INLINE std::string_view PickleStack::line() {
  const std::string_view rest(code_.data() + position_, static_cast<std::size_t>(code_.size() - position_));
  const std::size_t end = rest.find('\n');
  check(end != std::string_view::npos, "is truncated: a line at offset ", position_, " does not end");
  position_ += end + 1;
  return rest.substr(0, end);
}

MAO_INLINE bool PickleStack::push(PickleNode value) {
  document_->nodes.push_back(std::move(value));
  stack_.push_back(static_cast<PickleId>(document_->nodes.size() - 1));
  return true;
}

MAO_INLINE std::vector<PickleId> PickleStack::pop_last(std::size_t count) {
  check(stack_.size() - floor() >= count, "takes ", count, " values from a stack of ", stack_.size() - floor());
  std::vector<PickleId> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return items;
}

MAO_INLINE std::vector<PickleId> PickleStack::pop_to_mark() {
  check(!marks_.empty(), "ends a group at offset ", position_ - 1, " that was not begun");
  auto items = pop_last(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

MAO_INLINE bool PickleStack::append(const std::vector<PickleId>& items) {
  PickleNode& target = node(top());
  check(target.kind == PickleKind::list || target.kind == PickleKind::set || target.kind == PickleKind::object,
        "appends to a ", kind_name(target.kind));
  target.elements.insert(target.elements.end(), items.begin(), items.end());
  return true;
}

MAO_INLINE bool PickleStack::set_entries(const std::vector<PickleId>& items) {
  PickleNode& target = node(top());
  check(target.kind == PickleKind::dict || target.kind == PickleKind::object, "sets an item of a ",
        kind_name(target.kind));
  check(items.size() % 2 == 0, "gives a key without a value");
  for (std::size_t i = 0; i < items.size(); i += 2) target.entries.emplace_back(items[i], items[i + 1]);
  return true;
}

}  // namespace mao::detail
