// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/torch_modules.hpp>

#include <algorithm>
#include <cstddef>

#include <mao/config.hpp>
#include <mao/core/detail/setting_text.hpp>
#include <mao/io/detail/torch_storage.hpp>

namespace mao::detail {

MAO_INLINE std::string script_type(std::string_view class_name) {
  std::string result;
  class_name.remove_prefix(std::string_view("__torch__.").size());
  while (!class_name.empty()) {
    const std::string_view part = class_name.substr(0, class_name.find('.'));
    if (!part.starts_with("___torch_mangle_")) result += (result.empty() ? "" : ".") + std::string(part);
    class_name.remove_prefix(std::min(class_name.size(), part.size() + 1));
  }
  return result;
}

MAO_INLINE std::optional<std::string> plain_text(const PickleValue& value) {
  switch (value.kind()) {
    case PickleKind::boolean:
      return value.boolean() ? "true" : "false";
    case PickleKind::integer:
      return std::to_string(value.integer());
    case PickleKind::real:
      return text_of(value.real());
    case PickleKind::text:
      return value.text();
    default:
      return std::nullopt;
  }
}

/// A few numbers, such as `0.5, 0.5, 0.5`.
MAO_INLINE std::optional<std::string> numbers_text(const PickleValue& value) {
  constexpr std::size_t few = 8;
  if (value.size() > few) return std::nullopt;
  std::string all;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const PickleValue element = value[i];
    if (!element.is(PickleKind::integer) && !element.is(PickleKind::real)) return std::nullopt;
    all += i == 0 ? "" : ", ";
    all += element.is(PickleKind::real) ? exact_text(element.real()) : std::to_string(element.integer());
  }
  return all;
}

/// An attribute as text; nothing for what is neither plain nor an object.
MAO_INLINE std::optional<std::string> attribute_text(const PickleValue& value) {
  switch (value.kind()) {
    case PickleKind::none:
      return "None";
    case PickleKind::boolean:
      return value.boolean() ? "true" : "false";
    case PickleKind::integer:
      return std::to_string(value.integer());
    case PickleKind::real:
      return exact_text(value.real());
    case PickleKind::text:
      return value.text();
    case PickleKind::global:
      return std::string(value.class_name());
    case PickleKind::object:
      return is_tensor_function(value.class_name()) ? "tensor" : std::string(value.class_name());
    case PickleKind::tuple:
    case PickleKind::list:
      return numbers_text(value);
    default:
      return std::nullopt;
  }
}

/// The plain entries of a dict under `prefix`, those of dicts inside it behind a dot.
MAO_INLINE void add_attributes(const PickleValue& entries, const std::string& prefix, ModuleRecord& record) {
  for (std::size_t i = 0; i < entries.entry_count(); ++i) {
    const auto [key, value] = entries.entry(i);
    if (!key.is(PickleKind::text) || key.text().starts_with('_')) continue;
    if (value.is(PickleKind::dict) && prefix.empty()) add_attributes(value, key.text() + ".", record);
    if (auto text = attribute_text(value)) record.attributes.insert_or_assign(prefix + key.text(), *std::move(text));
  }
}

/// The first of the functions that a module calls before or after its forward.
MAO_INLINE std::string hook_of(const PickleValue& state) {
  for (const char* kind : {"_forward_pre_hooks", "_forward_hooks"}) {
    const auto hooks = state.find(kind);
    if (!hooks || hooks->entry_count() == 0) continue;
    const auto [id, hook] = hooks->entry(0);
    const std::string name(hook.class_name());
    return text_of(kind, ": ", name.empty() ? "a function" : name);
  }
  return {};
}

MAO_INLINE std::set<std::string> transient_buffers(const PickleValue& state) {
  std::set<std::string> names;
  auto listed = state.find("_non_persistent_buffers_set");
  if (listed && listed->is(PickleKind::object)) listed = listed->arguments()[0];  // set([...])
  for (std::size_t i = 0; listed && i < listed->size(); ++i) {
    if ((*listed)[i].is(PickleKind::text)) names.insert((*listed)[i].text());
  }
  return names;
}

/// The names of a module's children in the order that a list or sequence of them is gone through.
MAO_INLINE std::string order_of_children(const PickleValue& state) {
  const auto children = state.find("_modules");
  std::string order;
  for (std::size_t i = 0; children && i < children->entry_count(); ++i) {
    const auto [key, child] = children->entry(i);
    if (key.is(PickleKind::text)) order += (order.empty() ? "" : ", ") + key.text();
  }
  return order;
}

MAO_INLINE ModuleRecord module_record(std::string_view class_name, const PickleValue& state) {
  ModuleRecord record;
  record.type = is_script_class(class_name) ? script_type(class_name) : std::string(class_name);
  for (const char* part : {"_parameters", "_buffers"}) {
    if (const auto members = state.find(part)) add_attributes(*members, "", record);
  }
  add_attributes(state, "", record);
  record.hook = hook_of(state);
  const std::string order = order_of_children(state);
  if (!order.empty()) record.attributes["_modules.order"] = order;
  return record;
}

MAO_INLINE std::string ScriptCode::definition(std::string_view class_name) {
  const std::size_t dot = class_name.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string path(class_name.substr(0, dot));
  std::ranges::replace(path, '.', '/');
  const std::string& code = file(folder_ + "code/" + path + ".py");
  const std::string start = "class " + std::string(class_name.substr(dot + 1)) + "(";
  const std::size_t line = code.starts_with(start) ? 0 : code.find("\n" + start);
  if (line == std::string::npos) return {};
  const std::size_t begin = code.starts_with(start) ? 0 : line + 1;
  return code.substr(begin, code.find("\nclass ", begin + 1) - begin);
}

MAO_INLINE const std::string& ScriptCode::file(const std::string& path) {
  const auto found = files_.find(path);
  if (found != files_.end()) return found->second;
  std::string content = archive_.contains(path) ? archive_.text(path, max_file) : std::string();
  total_ += content.size();
  require<FormatError>(total_ <= max_total, archive_.bytes().name, ": its code has more than ", max_total, " bytes");
  return files_.emplace(path, std::move(content)).first->second;
}

}  // namespace mao::detail
