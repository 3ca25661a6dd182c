// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Run-time errors. Every message says what came, what was expected and what would work.

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace mao {

/// Base of all errors that the library throws on purpose.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file or folder is missing, unreadable or could not be written; the message names it.
struct FileError : Error {
  using Error::Error;
};

/// A file is there but its content is not what its format demands (truncated, overflowing, wrong dtype, ...).
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

/// A policy (a backbone, a sampler, a loss, ...) failed inside, or did not do what its concept says; the message names
/// the policy and the step.
struct PolicyError : Error {
  using Error::Error;
};

/// A value stopped being finite; the message names step, method and tensor.
struct NumericError : Error {
  using Error::Error;
};

/// The parts joined into one string through `operator<<`.
template <class... Parts>
std::string text_of(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

/// Throws `ErrorT` with the parts joined into one message, unless `ok`.
template <class ErrorT = Error, class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]] {
    throw ErrorT(text_of(parts...));
  }
}

/// `pointer`, which points to something. **Throws** `OptionError` that names `what` is null.
template <class Pointer>
Pointer not_null(Pointer pointer, const char* what) {
  require<OptionError>(pointer != nullptr, what, " is null, expected an object that is there; make or load it first");
  return pointer;
}

}  // namespace mao
