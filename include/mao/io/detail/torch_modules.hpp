// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to torch_archive.hpp: the modules of a network that torch.save or torch.jit.save wrote whole, as data: their
/// classes, attributes and code.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <mao/core/detail/policy_text.hpp>
#include <mao/io/detail/pickle_value.hpp>
#include <mao/io/detail/torch_storage.hpp>
#include <mao/io/detail/zip_archive.hpp>
#include <mao/io/named_tensors.hpp>

namespace mao::detail {

/// Whether an object's class is TorchScript code of the archive.
inline bool is_script_class(std::string_view class_name) { return class_name.starts_with("__torch__."); }

/// `__torch__.open_clip.transformer.___torch_mangle_15.QuickGELU` -> `open_clip.transformer.QuickGELU`
inline std::string script_type(std::string_view class_name) {
  std::string result;
  class_name.remove_prefix(std::string_view("__torch__.").size());
  while (!class_name.empty()) {
    const std::string_view part = class_name.substr(0, class_name.find('.'));
    if (!part.starts_with("___torch_mangle_")) result += (result.empty() ? "" : ".") + std::string(part);
    class_name.remove_prefix(std::min(class_name.size(), part.size() + 1));
  }
  return result;
}

/// A number or text outside of modules, as metadata.
inline std::optional<std::string> plain_text(const PickleValue& value) {
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
inline std::optional<std::string> numbers_text(const PickleValue& value) {
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
inline std::optional<std::string> attribute_text(const PickleValue& value) {
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
inline void add_attributes(const PickleValue& entries, const std::string& prefix, ModuleRecord& record) {
  for (std::size_t i = 0; i < entries.entry_count(); ++i) {
    const auto [key, value] = entries.entry(i);
    if (!key.is(PickleKind::text) || key.text().starts_with('_')) continue;
    if (value.is(PickleKind::dict) && prefix.empty()) add_attributes(value, key.text() + ".", record);
    if (auto text = attribute_text(value)) record.attributes.insert_or_assign(prefix + key.text(), *std::move(text));
  }
}

/// What the state of a module says, its tensors by their names alone.
inline ModuleRecord module_record(std::string_view class_name, const PickleValue& state) {
  ModuleRecord record;
  record.type = is_script_class(class_name) ? script_type(class_name) : std::string(class_name);
  for (const char* part : {"_parameters", "_buffers"}) {
    if (const auto members = state.find(part)) add_attributes(*members, "", record);
  }
  add_attributes(state, "", record);
  return record;
}

/// The code of a TorchScript archive. It is text here; nothing compiles it.
class ScriptCode {
 public:
  ScriptCode(const ZipArchive& archive, std::string folder) : archive_(archive), folder_(std::move(folder)) {}

  /// The definition of a class; empty when the archive has none. **Throws** `FormatError` for a damaged entry.
  [[nodiscard]] std::string definition(std::string_view class_name) {
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

 private:
  static constexpr std::uint64_t max_file = 4'000'000, max_total = 64'000'000;

  const std::string& file(const std::string& path) {
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    std::string content = archive_.contains(path) ? archive_.text(path, max_file) : std::string();
    total_ += content.size();
    require<FormatError>(total_ <= max_total, archive_.bytes().name, ": its code has more than ", max_total, " bytes");
    return files_.emplace(path, std::move(content)).first->second;
  }

  const ZipArchive& archive_;
  std::string folder_;
  std::map<std::string, std::string> files_;
  std::uint64_t total_ = 0;
};

}  // namespace mao::detail
