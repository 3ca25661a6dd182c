// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads the form of a CLIP off the modules of a file that holds it whole: a pickled module, a TorchScript archive.
///
/// **Source** open_clip 3.3.0, OpenAI's clip/model.py, transformers' modeling_clip.py.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <mao/io/named_tensors.hpp>
#include <mao/models/detail/stated_form.hpp>

namespace mao {

namespace detail {

/// Reads the records of a model's modules. One use: construct, `run()`.
class StatedFormReader {
 public:
  StatedFormReader(const std::map<std::string, ModuleRecord>& modules, std::string source)
      : modules_(modules), source_(std::move(source)) {}

  StatedForm run();

 private:
  static bool is_below(std::string_view path, std::string_view root) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '.');
  }

  [[nodiscard]] const ModuleRecord* module_at(std::string_view path) const;

  static std::optional<std::string_view> attribute(const ModuleRecord& module, std::string_view name);

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    throw FormatError(text_of(source_, ": ", parts...));
  }

  /// All parts of a tower have to say the same.
  template <class Value>
  void set(std::optional<Value>& slot, const Value& value, const std::string& path, const char* what) {
    const auto& first = said_by_.try_emplace(&slot, path).first->second;
    if (slot && *slot != value) {
      refuse(path, " has ", what, ' ', shown(value), ", ", first, " has ", shown(*slot),
             "; all parts of a tower of mao have the same: save one model whose parts agree");
    }
    slot = value;
  }

  static const auto& shown(const auto& value) { return value; }
  static std::string_view shown(Activation value) { return name_of(value); }
  static const char* shown(bool causal) { return causal ? "tensor" : "None"; }

  /// **Throws** for whatever may change what a module computes and is none of its settings.
  void expect_plain(const std::string& path, const ModuleRecord& module) const;

  /// **Throws** for settings of attention, convolutions and embeddings that mao does not have.
  void expect_known_settings(const std::string& path, const ModuleRecord& module) const;

  void read_mask(const std::string& path, const ModuleRecord& module, bool image);

  void read_part(const std::string& path, const ModuleRecord& module, StatedTower& tower);

  void read_image_root(const ModuleRecord& module);

  /// What open_clip's `create_model` noted of the pixels: a dict, or in older versions mean and deviation alone.
  [[nodiscard]] nlohmann::json pixels_of(const ModuleRecord& module) const;

  /// The text tower is the root itself, `text` or `text_model`.
  void read_text_root();

  void doubt_text_trace(const ModuleRecord& module);

  void read_text_pooling(const ModuleRecord& module, std::string_view key, std::string_view end_key);

  const std::map<std::string, ModuleRecord>& modules_;
  std::string source_;
  StatedForm result_;
  std::map<const void*, std::string> said_by_{};  // by what it says: the first module that said it
};

}  // namespace detail

/// What the modules say. **Throws** `FormatError` naming the module whose like mao does not have, or that differs from
/// others of its tower.
inline StatedForm stated_form(const std::map<std::string, ModuleRecord>& modules, const std::string& source) {
  return detail::StatedFormReader(modules, source).run();
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/module_form.ipp>
#endif
