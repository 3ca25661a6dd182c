// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/pickle_value.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE const char* kind_name(PickleKind kind) {
  static constexpr const char* names[] = {"None", "bool", "int",  "float",  "str",    "bytes",        "tuple",
                                          "list", "set",  "dict", "global", "object", "persistent id"};
  return names[static_cast<std::size_t>(kind)];
}

MAO_INLINE std::string_view PickleValue::class_name() const {
  if (is(PickleKind::object)) return document_->nodes[node().callable].text;
  return is(PickleKind::global) ? std::string_view(node().text) : std::string_view();
}

MAO_INLINE PickleValue PickleValue::operator[](std::size_t position) const {
  require<FormatError>(position < size(), file(), ": the pickle's ", kind_name(kind()), " has ", size(),
                       " elements, element ", position, " is needed");
  return {document_, node().elements[position]};
}

MAO_INLINE std::pair<PickleValue, PickleValue> PickleValue::entry(std::size_t position) const {
  const auto& [key, value] = node().entries.at(position);
  return {PickleValue{document_, key}, PickleValue{document_, value}};
}

MAO_INLINE std::optional<PickleValue> PickleValue::state() const {
  if (node().state == detail::no_pickle_id) return std::nullopt;
  return PickleValue{document_, node().state};
}

MAO_INLINE std::optional<PickleValue> PickleValue::find(std::string_view key) const {
  for (std::size_t i = entry_count(); i-- > 0;) {
    const detail::PickleNode& candidate = document_->nodes[node().entries[i].first];
    if (candidate.kind == PickleKind::text && candidate.text == key) return entry(i).second;
  }
  if (const auto attributes = state(); attributes && attributes->is(PickleKind::dict)) return attributes->find(key);
  return std::nullopt;
}

MAO_INLINE std::vector<PickleValue> PickleValue::all_of_document(PickleKind kind) const {
  std::vector<PickleValue> found;
  for (std::size_t i = 0; i < document_->nodes.size(); ++i) {
    if (document_->nodes[i].kind == kind) found.emplace_back(document_, static_cast<detail::PickleId>(i));
  }
  return found;
}

MAO_INLINE PickleValue PickleValue::at(std::string_view key) const {
  auto found = find(key);
  require<FormatError>(found.has_value(), file(), ": the pickle's ", kind_name(kind()), " has no entry \"", key,
                       "\"");
  return *std::move(found);
}

MAO_INLINE const detail::PickleNode& PickleValue::expect(PickleKind wanted) const {
  require<FormatError>(is(wanted), file(), ": the pickle holds a ", kind_name(kind()), " where a ", kind_name(wanted),
                       " is expected");
  return node();
}

MAO_INLINE PickleValue PickleValue::linked(detail::PickleId id, const char* what) const {
  require<FormatError>(id != detail::no_pickle_id, file(), ": the pickle's ", kind_name(kind()), " has no ", what);
  return {document_, id};
}

}  // namespace mao
