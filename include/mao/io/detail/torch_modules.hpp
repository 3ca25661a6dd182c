// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to torch_archive.hpp: the modules of a network that torch.save or torch.jit.save wrote whole, as data: their
/// classes, attributes and code.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <mao/io/detail/pickle_value.hpp>
#include <mao/io/detail/zip_archive.hpp>
#include <mao/io/named_tensors.hpp>

namespace mao::detail {

/// Whether an object's class is TorchScript code of the archive.
inline bool is_script_class(std::string_view class_name) { return class_name.starts_with("__torch__."); }

/// `__torch__.open_clip.transformer.___torch_mangle_15.QuickGELU` -> `open_clip.transformer.QuickGELU`
std::string script_type(std::string_view class_name);

/// A number or text outside of modules, as metadata.
std::optional<std::string> plain_text(const PickleValue& value);

/// The buffers of a pickled module that are not in its state dict.
std::set<std::string> transient_buffers(const PickleValue& state);

/// What the state of a module says, its tensors by their names alone.
ModuleRecord module_record(std::string_view class_name, const PickleValue& state);

/// The code of a TorchScript archive. It is text here; nothing compiles it.
class ScriptCode {
 public:
  ScriptCode(const ZipArchive& archive, std::string folder) : archive_(archive), folder_(std::move(folder)) {}

  /// The definition of a class; empty when the archive has none. **Throws** `FormatError` for a damaged entry.
  [[nodiscard]] std::string definition(std::string_view class_name);

 private:
  static constexpr std::uint64_t max_file = 4'000'000, max_total = 64'000'000;

  const std::string& file(const std::string& path);

  const ZipArchive& archive_;
  std::string folder_;
  std::map<std::string, std::string> files_;
  std::uint64_t total_ = 0;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/torch_modules.ipp>
#endif
