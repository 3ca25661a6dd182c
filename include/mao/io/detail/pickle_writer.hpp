// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes Python pickles of protocol 2, operation by operation: what `torch.save` uses and every Python 3 reads.

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <mao/io/detail/bytes.hpp>

namespace mao {

/// A pickle in the making. Values are pushed onto a stack; groups and calls take theirs from it.
class PickleWriter {
 public:
  void none() { code_ += 'N'; }
  void boolean(bool value) { code_ += value ? '\x88' : '\x89'; }

  void integer(std::int64_t value) {
    if (value >= 0 && value <= std::numeric_limits<std::uint8_t>::max()) {
      code_ += 'K';
      append(static_cast<std::uint8_t>(value));
    } else if (value == static_cast<std::int32_t>(value)) {
      code_ += 'J';
      append(static_cast<std::int32_t>(value));
    } else {
      code_ += "\x8a\x08";  // an integer of any length, here of 8 bytes
      append(value);
    }
  }

  void real(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    code_ += 'G';
    for (int shift = 56; shift >= 0; shift -= 8) code_ += static_cast<char>(bits >> shift & 0xff);
  }

  /// `value` is UTF-8, at most 4 GiB. **Throws** `FormatError` when it is longer.
  void text(std::string_view value) {
    require<FormatError>(value.size() <= std::numeric_limits<std::uint32_t>::max(), "a text of ", value.size(),
                         " bytes is too long for a pickle of protocol 2");
    code_ += 'X';
    append(static_cast<std::uint32_t>(value.size()));
    code_ += value;
  }

  /// A class or function by its place in Python; the names hold no line break.
  void global(std::string_view module, std::string_view name) {
    ((code_ += 'c') += module) += '\n';
    (code_ += name) += '\n';
  }

  void empty_tuple() { code_ += ')'; }
  void empty_dict() { code_ += '}'; }
  /// Begins a group, which `tuple` or `items` ends.
  void group() { code_ += '('; }
  /// The values of the group as a tuple.
  void tuple() { code_ += 't'; }
  /// The values of the group, keys and values in turn, as entries of the dict or object before it.
  void items() { code_ += 'u'; }
  /// Calls the function with the tuple after it.
  void call() { code_ += 'R'; }
  /// Takes the last value as the id of something that lies outside the pickle.
  void persistent() { code_ += 'Q'; }

  /// The finished pickle; this object is spent.
  [[nodiscard]] std::string finish() {
    code_ += '.';
    return std::move(code_);
  }

 private:
  template <class Int>
  void append(Int value) {
    code_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string code_ = "\x80\x02";
};

}  // namespace mao
