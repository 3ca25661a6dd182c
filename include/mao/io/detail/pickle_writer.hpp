// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes Python pickles of protocol 2, operation by operation: what `torch.save` uses and every Python 3 reads.

#include <cstdint>
#include <string>
#include <string_view>

namespace mao {

/// A pickle in the making. Values are pushed onto a stack; groups and calls take theirs from it.
class PickleWriter {
 public:
  void none() { code_ += 'N'; }
  void boolean(bool value) { code_ += value ? '\x88' : '\x89'; }

  void integer(std::int64_t value);

  void real(double value);

  /// `value` is UTF-8, at most 4 GiB. **Throws** `FormatError` when it is longer.
  void text(std::string_view value);

  /// A class or function by its place in Python; the names hold no line break.
  void global(std::string_view module, std::string_view name);

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
  [[nodiscard]] std::string finish();

 private:
  template <class Int>
  void append(Int value) {
    code_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string code_ = "\x80\x02";
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/pickle_writer.ipp>
#endif
