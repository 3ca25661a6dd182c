// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to pickle.hpp: the input, stack and memo of the pickle machine, every access checked. Functions that are
/// operations return true.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <mao/io/detail/bytes.hpp>
#include <mao/io/detail/pickle_value.hpp>

namespace mao {

/// What a pickle may cost; each operation makes at most one value of about 120 bytes.
struct PickleLimits {
  std::uint64_t operations = 8'000'000;
  std::uint64_t stack = 2'000'000;        ///< values that wait to be put into a container
  std::uint64_t name_bytes = 16'000'000;  ///< of all classes and functions together
};

namespace detail {

/// What the operations of a pickle work on.
class PickleStack {
 public:
  PickleStack(std::span<const char> code, std::string name, const PickleLimits& limits)
      : code_(code), document_(std::make_shared<PickleDocument>()), limits_(limits) {
    document_->name = std::move(name);
  }

 protected:
  template <class... Parts>
  void check(bool ok, const Parts&... parts) const {
    require<FormatError>(ok, document_->name, ": the pickle ", parts...);
  }

  std::string_view take(std::uint64_t length) {
    check(inside(position_, length, code_.size()), "is truncated: ", length, " bytes are expected at offset ",
          position_, " of ", code_.size());
    const std::string_view bytes(code_.data() + position_, static_cast<std::size_t>(length));
    position_ += length;
    return bytes;
  }

  template <class Int>
  Int operand() {
    Int value;
    std::memcpy(&value, take(sizeof(Int)).data(), sizeof(Int));
    return value;
  }

  std::string_view line() {
    const std::string_view rest(code_.data() + position_, static_cast<std::size_t>(code_.size() - position_));
    const std::size_t end = rest.find('\n');
    check(end != std::string_view::npos, "is truncated: a line at offset ", position_, " does not end");
    position_ += end + 1;
    return rest.substr(0, end);
  }

  PickleNode& node(PickleId id) { return document_->nodes[id]; }

  bool push(PickleNode value) {
    document_->nodes.push_back(std::move(value));
    stack_.push_back(static_cast<PickleId>(document_->nodes.size() - 1));
    return true;
  }

  bool push_kind(PickleKind kind) { return push({.kind = kind}); }
  bool push_integer(std::int64_t value) { return push({.kind = PickleKind::integer, .integer = value}); }
  bool push_boolean(bool value) { return push({.kind = PickleKind::boolean, .integer = value ? 1 : 0}); }
  bool push_text(PickleKind kind, std::string_view text) { return push({.kind = kind, .text = std::string(text)}); }

  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleId top() {
    check(stack_.size() > floor(), "takes a value from an empty stack at offset ", position_ - 1);
    return stack_.back();
  }

  PickleId pop() {
    const PickleId id = top();
    stack_.pop_back();
    return id;
  }

  std::vector<PickleId> pop_last(std::size_t count) {
    check(stack_.size() - floor() >= count, "takes ", count, " values from a stack of ", stack_.size() - floor());
    std::vector<PickleId> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }

  /// Everything above the last mark, and the mark itself.
  std::vector<PickleId> pop_to_mark() {
    check(!marks_.empty(), "ends a group at offset ", position_ - 1, " that was not begun");
    auto items = pop_last(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  bool push_elements(PickleKind kind, std::vector<PickleId> elements) {
    return push({.kind = kind, .elements = std::move(elements)});
  }

  bool pop_value_or_mark() {
    if (!marks_.empty() && marks_.back() == stack_.size()) {
      marks_.pop_back();
    } else {
      pop();
    }
    return true;
  }

  bool append(const std::vector<PickleId>& items) {
    PickleNode& target = node(top());
    check(target.kind == PickleKind::list || target.kind == PickleKind::set || target.kind == PickleKind::object,
          "appends to a ", kind_name(target.kind));
    target.elements.insert(target.elements.end(), items.begin(), items.end());
    return true;
  }

  bool set_entries(const std::vector<PickleId>& items) {
    PickleNode& target = node(top());
    check(target.kind == PickleKind::dict || target.kind == PickleKind::object, "sets an item of a ",
          kind_name(target.kind));
    check(items.size() % 2 == 0, "gives a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) target.entries.emplace_back(items[i], items[i + 1]);
    return true;
  }

  bool remember(std::uint32_t index) {
    memo_[index] = top();
    return true;
  }

  bool recall(std::uint32_t index) {
    const auto found = memo_.find(index);
    check(found != memo_.end(), "recalls value ", index, ", which was never stored");
    stack_.push_back(found->second);
    return true;
  }

  std::span<const char> code_;
  std::uint64_t position_ = 0;
  std::shared_ptr<PickleDocument> document_;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleId> memo_;
  PickleLimits limits_;
  std::uint64_t name_bytes_ = 0;
};

}  // namespace detail
}  // namespace mao
