// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Run-time errors. Every message says what came, what was expected and what would work.

#include <initializer_list>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace mao {

/// Base of all errors that the library throws on purpose.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file or folder is missing, unreadable or could not be written; the message names it.
struct FileError : Error {
  using Error::Error;
};

/// A file exists, but its content does not follow its format (truncated, overflowing, wrong dtype, ...).
struct FormatError : Error {
  using Error::Error;
};

/// Data that contradicts itself: a label without a class, a class without images, an empty split.
struct DataError : Error {
  using Error::Error;
};

/// A tensor of the wrong shape or dtype.
struct ShapeError : Error {
  using Error::Error;
};

/// A setting outside its range, unknown, or in contradiction with another.
struct OptionError : Error {
  using Error::Error;
};

/// A policy (a backbone, a sampler, a loss, ...) threw an exception or did not fulfil its concept; the message names
/// the policy and the step.
struct PolicyError : Error {
  using Error::Error;
};

/// A value is no longer finite; the message names step, method and tensor.
struct NumericError : Error {
  using Error::Error;
};

namespace detail {

/// A part of a message and the function that writes it, so that messages with parts of different types share their
/// code.
struct TextPart {
  const void* value;
  void (*write)(std::ostream& out, const void* value);
};

void write_characters(std::ostream& out, const void* value);

template <class T>
void write_value(std::ostream& out, const void* value) {
  out << *static_cast<const T*>(value);
}

template <class T>
TextPart text_part(const T& part) {
  if constexpr (std::is_convertible_v<const T&, const char*> && std::is_array_v<T>) {
    return {static_cast<const char*>(part), write_characters};
  } else {
    return {&part, write_value<T>};
  }
}

/// A manipulator without argument, such as `std::fixed`.
inline TextPart text_part(std::ios_base& (&part)(std::ios_base&)) {
  return {reinterpret_cast<const void*>(&part), [](std::ostream& out, const void* value) {
            reinterpret_cast<std::ios_base& (*)(std::ios_base&)>(const_cast<void*>(value))(out);
          }};
}

std::string joined(std::initializer_list<TextPart> parts);

template <class ErrorT>
[[noreturn, gnu::cold, gnu::noinline]] void refuse(std::initializer_list<TextPart> parts) {
  throw ErrorT(joined(parts));
}

}  // namespace detail

/// The parts joined into one string through `operator<<`.
template <class... Parts>
std::string text_of(const Parts&... parts) {
  return detail::joined({detail::text_part(parts)...});
}

/// Throws `ErrorT` with the parts joined into one message, unless `ok`.
template <class ErrorT = Error, class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    detail::refuse<ErrorT>({detail::text_part(parts)...});
}

/// `pointer`, which points to something. **Throws** `OptionError` that names `what` is null.
template <class Pointer>
Pointer not_null(Pointer pointer, const char* what) {
  require<OptionError>(pointer != nullptr, what, " is null, expected an object that is there; make or load it first");
  return pointer;
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/error.ipp>
#endif
