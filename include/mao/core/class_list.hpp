// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Lists of classes, and the subset of a list that takes part in one loss.

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace mao {

/// Whether two classes may have the same name (ImageNet's common list has two such pairs).
enum class SameNames { refuse, accept };

/// The classes that a backbone is bound to; a label is a position in it.
struct ClassList {
  std::vector<std::string> names;
  SameNames same_names = SameNames::refuse;  ///< accept: the first of classes with the same prompt is predicted

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(names.size()); }
  friend bool operator==(const ClassList& a, const ClassList& b) { return a.names == b.names; }
};

/// A policy that states the classes it was made for; an empty list means that it does not state any.
template <class P>
concept StatesClasses = requires(const P& policy) {
  requires std::same_as<std::remove_cvref_t<decltype(policy.classes())>, ClassList>;
};

/// `50 classes ('accordion', 'airplane', 'anchor', ...)`: the text of a list in messages.
std::string class_text(const ClassList& classes);

/// Throws an `OptionError` unless both lists are the same. The message says that `who` has `found` instead of
/// `expected`; `advice` says what would work.
void expect_same_classes(const ClassList& found, const ClassList& expected, const std::string& who,
                         const std::string& advice);

/// A class name as it is spelled in prompts: underscores become spaces (CoOp, and [A9] of the MAO reading).
std::string readable(std::string name);

/// The positions in a `ClassList` that take part in one loss, without repeats, in the order of the loss's columns.
struct Candidates {
  std::vector<std::int64_t> ids;  // [H]

  /// Every class of a list of `count`, in order.
  static Candidates all(std::int64_t count);

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
  friend bool operator==(const Candidates&, const Candidates&) = default;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/class_list.ipp>
#endif
