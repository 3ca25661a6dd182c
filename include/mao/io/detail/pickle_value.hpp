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

#include <mao/core/error.hpp>

namespace mao {

enum class PickleKind { none, boolean, integer, real, text, bytes, tuple, list, set, dict, global, object, persistent };

/// The kind as error messages name it.
inline const char* kind_name(PickleKind kind) {
  static constexpr const char* names[] = {"None", "bool", "int",  "float",  "str",    "bytes",        "tuple",
                                          "list", "set",  "dict", "global", "object", "persistent id"};
  return names[static_cast<std::size_t>(kind)];
}

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
  [[nodiscard]] std::string_view class_name() const {
    if (is(PickleKind::object)) return document_->nodes[node().callable].text;
    return is(PickleKind::global) ? std::string_view(node().text) : std::string_view();
  }

  /// Number of elements of a tuple, list or set (or appended to an object); 0 for other kinds.
  [[nodiscard]] std::size_t size() const { return node().elements.size(); }
  [[nodiscard]] PickleValue operator[](std::size_t position) const {
    require<FormatError>(position < size(), file(), ": the pickle's ", kind_name(kind()), " has ", size(),
                         " elements, element ", position, " is needed");
    return {document_, node().elements[position]};
  }

  /// The key-value pairs of a dict (or set on an object) in the file's order; a later pair overrides an equal key.
  [[nodiscard]] std::size_t entry_count() const { return node().entries.size(); }
  [[nodiscard]] std::pair<PickleValue, PickleValue> entry(std::size_t position) const {
    const auto& [key, value] = node().entries.at(position);
    return {PickleValue{document_, key}, PickleValue{document_, value}};
  }

  /// The arguments of an object, or the id of a persistent one. **Throws** for other kinds.
  [[nodiscard]] PickleValue arguments() const { return linked(node().arguments, "arguments"); }

  /// The state of an object, if it was given one.
  [[nodiscard]] std::optional<PickleValue> state() const {
    if (node().state == detail::no_pickle_id) return std::nullopt;
    return PickleValue{document_, node().state};
  }

  /// The value under a text key of a dict, or the attribute of that name of an object.
  [[nodiscard]] std::optional<PickleValue> find(std::string_view key) const {
    for (std::size_t i = entry_count(); i-- > 0;) {
      const detail::PickleNode& candidate = document_->nodes[node().entries[i].first];
      if (candidate.kind == PickleKind::text && candidate.text == key) return entry(i).second;
    }
    if (const auto attributes = state(); attributes && attributes->is(PickleKind::dict)) return attributes->find(key);
    return std::nullopt;
  }

  /// Every value of that kind in the whole document, in the order they were made.
  [[nodiscard]] std::vector<PickleValue> all_of_document(PickleKind kind) const {
    std::vector<PickleValue> found;
    for (std::size_t i = 0; i < document_->nodes.size(); ++i) {
      if (document_->nodes[i].kind == kind) found.emplace_back(document_, static_cast<detail::PickleId>(i));
    }
    return found;
  }

  /// As `find`, for a key that has to be there.
  [[nodiscard]] PickleValue at(std::string_view key) const {
    auto found = find(key);
    require<FormatError>(found.has_value(), file(), ": the pickle's ", kind_name(kind()), " has no entry \"", key,
                         "\"");
    return *std::move(found);
  }

 private:
  [[nodiscard]] const detail::PickleNode& node() const { return document_->nodes[id_]; }

  [[nodiscard]] const detail::PickleNode& expect(PickleKind wanted) const {
    require<FormatError>(is(wanted), file(), ": the pickle holds a ", kind_name(kind()), " where a ", kind_name(wanted),
                         " is expected");
    return node();
  }

  [[nodiscard]] PickleValue linked(detail::PickleId id, const char* what) const {
    require<FormatError>(id != detail::no_pickle_id, file(), ": the pickle's ", kind_name(kind()), " has no ", what);
    return {document_, id};
  }

  std::shared_ptr<const detail::PickleDocument> document_;
  detail::PickleId id_;
};

}  // namespace mao
