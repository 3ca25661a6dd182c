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

#include <mao/core/error.hpp>
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

  std::string_view take(std::uint64_t length);

  template <class Int>
  Int operand() {
    Int value;
    std::memcpy(&value, take(sizeof(Int)).data(), sizeof(Int));
    return value;
  }

  std::string_view line();

  PickleNode& node(PickleId id) { return document_->nodes[id]; }

  bool push(PickleNode value);

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

  std::vector<PickleId> pop_last(std::size_t count);

  /// Everything above the last mark, and the mark itself.
  std::vector<PickleId> pop_to_mark();

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

  bool append(const std::vector<PickleId>& items);

  bool set_entries(const std::vector<PickleId>& items);

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

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/pickle_stack.ipp>
#endif
