// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a pickle holds, as inert records: numbers, texts, containers, and objects that are only described, never made.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mao {

enum class PickleKind { none, boolean, integer, real, text, bytes, tuple, list, set, dict, global, object, persistent };

/// The kind as error messages name it.
const char* kind_name(PickleKind kind);

namespace detail {

using PickleId = std::uint32_t;
inline constexpr PickleId no_pickle_id = 0xffffffff;

/// One value; others are referred to by their place in the document, so that cycles and deep nesting cost nothing.
struct PickleNode {
  PickleKind kind = PickleKind::none;
  std::int64_t integer = 0;                                 // boolean, integer
  double real = 0;                                          // real
  std::string text = {};                                    // text, bytes; "module.name" of a global
  std::vector<PickleId> elements = {};                      // tuple, list, set; what was appended to an object
  std::vector<std::pair<PickleId, PickleId>> entries = {};  // dict; what was set on an object
  PickleId callable = no_pickle_id;                         // object: the global that would make it
  PickleId arguments = no_pickle_id;                        // object: what it would be called with; persistent: its id
  PickleId state = no_pickle_id;                            // object: what its state would be set to
};

struct PickleDocument {
  std::string name;
  std::vector<PickleNode> nodes;
};

}  // namespace detail

/// A value of a pickle. Cheap to copy; keeps the whole document alive.
///
/// Every accessor **throws** `FormatError`, naming the file, when the value is of another kind. Documents may contain
/// themselves, so whoever walks one needs a limit on depth.
class PickleValue {
 public:
  PickleValue(std::shared_ptr<const detail::PickleDocument> document, detail::PickleId id)
      : document_(std::move(document)), id_(id) {}

  [[nodiscard]] PickleKind kind() const { return node().kind; }
  [[nodiscard]] bool is(PickleKind kind) const { return node().kind == kind; }
  [[nodiscard]] const std::string& file() const { return document_->name; }

  [[nodiscard]] bool boolean() const { return expect(PickleKind::boolean).integer != 0; }
  [[nodiscard]] std::int64_t integer() const { return expect(PickleKind::integer).integer; }
  [[nodiscard]] double real() const { return expect(PickleKind::real).real; }
  [[nodiscard]] const std::string& text() const { return expect(PickleKind::text).text; }

  /// `module.name` of a global, or of the class or function that an object would be made by; empty for other kinds.
  [[nodiscard]] std::string_view class_name() const;

  /// Number of elements of a tuple, list or set (or appended to an object); 0 for other kinds.
  [[nodiscard]] std::size_t size() const { return node().elements.size(); }
  [[nodiscard]] PickleValue operator[](std::size_t position) const;

  /// The key-value pairs of a dict (or set on an object) in the file's order; a later pair overrides an equal key.
  [[nodiscard]] std::size_t entry_count() const { return node().entries.size(); }
  [[nodiscard]] std::pair<PickleValue, PickleValue> entry(std::size_t position) const;

  /// The arguments of an object, or the id of a persistent one. **Throws** for other kinds.
  [[nodiscard]] PickleValue arguments() const { return linked(node().arguments, "arguments"); }

  /// The state of an object, if it was given one.
  [[nodiscard]] std::optional<PickleValue> state() const;

  /// The value under a text key of a dict, or the attribute of that name of an object.
  [[nodiscard]] std::optional<PickleValue> find(std::string_view key) const;

  /// Every value of that kind in the whole document, in the order they were made.
  [[nodiscard]] std::vector<PickleValue> all_of_document(PickleKind kind) const;

  /// As `find`, for a key that has to be there.
  [[nodiscard]] PickleValue at(std::string_view key) const;

 private:
  [[nodiscard]] const detail::PickleNode& node() const { return document_->nodes[id_]; }

  [[nodiscard]] const detail::PickleNode& expect(PickleKind wanted) const;

  [[nodiscard]] PickleValue linked(detail::PickleId id, const char* what) const;

  std::shared_ptr<const detail::PickleDocument> document_;
  detail::PickleId id_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/pickle_value.ipp>
#endif
