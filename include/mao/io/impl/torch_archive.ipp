// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/torch_archive.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <mao/config.hpp>
#include <mao/io/detail/pickle.hpp>
#include <mao/io/detail/torch_legacy.hpp>
#include <mao/io/detail/torch_modules.hpp>
#include <mao/io/detail/torch_storage.hpp>
#include <mao/io/detail/zip_archive.hpp>

namespace mao::detail {

/// Walks the root of an archive and collects tensors and plain values under dotted names.
class TorchFlattener {
 public:
  explicit TorchFlattener(TorchStorages& storages, ScriptCode* code = nullptr) : storages_(storages), code_(code) {}

  TensorFile run(const PickleValue& root) {
    visit(root, "", 0, false);
    return std::move(result_);
  }

 private:
  static constexpr int max_depth = 64;
  static constexpr std::uint64_t max_cost =
      64'000'000;  // bytes of all names together, shared values counted every time

  void visit(const PickleValue& value, const std::string& name, int depth, bool inside_module) {
    require<FormatError>(depth <= max_depth, value.file(), ": its values are nested deeper than ", max_depth,
                         " levels");
    cost_ += 16 + name.size();
    require<FormatError>(cost_ <= max_cost, value.file(), ": its names take more than ", max_cost,
                         " bytes; the file refers to the same values again and again");
    const std::string_view made_by = value.class_name();
    if (value.is(PickleKind::object) && is_tensor_function(made_by)) {
      result_.tensors.insert_or_assign(name.empty() ? "tensor" : name, storages_.tensor(value, name));
    } else if (value.is(PickleKind::dict) || made_by == "collections.OrderedDict") {
      visit_entries(value, name, depth, inside_module);
    } else if (value.is(PickleKind::object)) {
      const auto state = value.state();
      if (!state || !state->is(PickleKind::dict)) return;
      if (is_module(*state) || is_script_class(made_by)) record_module(made_by, *state, name);
      is_module(*state) ? visit_module(*state, name, depth) : visit_entries(*state, name, depth, true);
    } else if (!inside_module && !name.empty()) {
      if (auto text = plain_text(value)) result_.metadata.insert_or_assign(name, *std::move(text));
    }
  }

  void visit_entries(const PickleValue& value, const std::string& name, int depth, bool inside_module) {
    for (std::size_t i = 0; i < value.entry_count(); ++i) {
      const auto [key, child] = value.entry(i);
      if (!key.is(PickleKind::text)) continue;  // the optimizer's state counts its parameters; not ours to name
      visit(child, name.empty() ? key.text() : name + "." + key.text(), depth + 1, inside_module);
    }
  }

  /// Whether the attributes of an object are those of a `torch.nn.Module` that was saved whole.
  static bool is_module(const PickleValue& state) {
    return state.find("_modules") && state.find("_parameters") && state.find("_buffers");
  }

  void record_module(std::string_view made_by, const PickleValue& state, const std::string& name) {
    ModuleRecord record = module_record(made_by, state);
    if (code_ != nullptr && is_script_class(made_by)) record.code = code_->definition(made_by);
    cost_ += record.code.size();
    for (const auto& [key, text] : record.attributes) cost_ += key.size() + text.size();
    if (is_module(state)) record.tensors = tensors_beside(state, name);
    result_.modules.insert_or_assign(name, std::move(record));
  }

  /// Plain attributes and transient buffers, which the module computes with as with others.
  TensorMap tensors_beside(const PickleValue& state, const std::string& name) {
    TensorMap tensors;
    const auto take = [&](const std::pair<PickleValue, PickleValue>& member) {
      const auto& [key, value] = member;
      if (!key.is(PickleKind::text) || !value.is(PickleKind::object) || !is_tensor_function(value.class_name())) return;
      tensors.insert_or_assign(key.text(), storages_.tensor(value, name + "." + key.text()));
    };
    for (std::size_t i = 0; i < state.entry_count(); ++i) take(state.entry(i));
    const std::set<std::string> transient = transient_buffers(state);
    const PickleValue buffers = state.at("_buffers");
    for (std::size_t i = 0; i < buffers.entry_count(); ++i) {
      const auto member = buffers.entry(i);
      if (member.first.is(PickleKind::text) && transient.contains(member.first.text())) take(member);
    }
    return tensors;
  }

  /// The names that the module's state dict has: parameters, buffers that belong to it, then the modules inside.
  void visit_module(const PickleValue& state, const std::string& name, int depth) {
    const std::set<std::string> transient = transient_buffers(state);
    for (const char* part : {"_parameters", "_buffers", "_modules"}) {
      const PickleValue members = state.at(part);
      for (std::size_t i = 0; i < members.entry_count(); ++i) {
        const auto [key, child] = members.entry(i);
        if (!key.is(PickleKind::text) || transient.contains(key.text())) continue;
        visit(child, name.empty() ? key.text() : name + "." + key.text(), depth + 1, true);
      }
    }
  }

  TorchStorages& storages_;
  ScriptCode* code_;
  TensorFile result_;
  std::uint64_t cost_ = 0;
};

/// The folder inside the archive that holds `data.pkl`, with its slash.
MAO_INLINE std::string torch_archive_folder(const ZipArchive& archive) {
  constexpr std::string_view record = "/data.pkl";
  std::string folder;
  for (const auto& [name, entry] : archive.entries()) {
    if (!name.ends_with(record) || name.find('/') != name.size() - record.size()) continue;
    require<FormatError>(folder.empty(), archive.bytes().name, ": has two records named data.pkl, in ", folder, " and ",
                         name);
    folder = name.substr(0, name.size() - record.size() + 1);
  }
  require<FormatError>(!folder.empty(), archive.bytes().name,
                       " is a zip file without a record data.pkl: not one that torch.save or torch.jit.save wrote");
  return folder;
}

/// Takes the prefix off the keys that have it.
template <class Value>
std::map<std::string, Value> without_prefix(std::map<std::string, Value> values, const std::string& prefix,
                                            const std::string& file) {
  if (prefix.empty()) return values;
  std::map<std::string, Value> result;
  for (auto& [name, value] : values) {
    const std::string shorter = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    require<FormatError>(result.emplace(shorter, std::move(value)).second, file, ": \"", shorter,
                         "\" occurs twice once the prefix \"", prefix, "\" is removed");
  }
  return result;
}

/// Reads what torch.save has written since PyTorch 1.6, or torch.jit.save. **Throws** `FormatError`.
MAO_INLINE TensorFile parse_torch_zip(const SharedBytes& bytes) {
  const ZipArchive archive(bytes);
  const std::string folder = torch_archive_folder(archive);
  if (archive.contains(folder + "byteorder")) {
    const auto order = archive.content(folder + "byteorder");
    require<FormatError>(std::string_view(order.data(), order.size()) == "little", bytes.name,
                         " holds big-endian tensors; re-save it on a little-endian machine");
  }
  const PickleValue root = parse_pickle(archive.content(folder + "data.pkl"), bytes.name);
  TorchStorages storages(bytes, [&](const std::string& key) { return archive.entry(folder + "data/" + key); });
  ScriptCode code(archive, folder);
  return TorchFlattener(storages, &code).run(root);
}

/// Reads what torch.save wrote before PyTorch 1.6. **Throws** `FormatError`.
MAO_INLINE TensorFile parse_torch_legacy(const SharedBytes& bytes) {
  const LegacyTorchFile file = open_legacy_torch_file(bytes);
  TorchStorages storages(bytes, [&](const std::string& key) { return file.record(key, bytes.name); });
  return TorchFlattener(storages).run(file.root);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE TensorFile parse_torch_archive(const SharedBytes& bytes, const TorchArchiveOptions& options) {
  const bool zip = ZipArchive::recognises(bytes.span());
  require<FormatError>(zip || detail::recognises_legacy_torch_file(bytes.span()), bytes.name,
                       " is not a file of torch.save: neither a zip file, as it writes since PyTorch 1.6, nor with the "
                       "beginning that it wrote before; save the state dict with torch.save");
  TensorFile file = zip ? detail::parse_torch_zip(bytes) : detail::parse_torch_legacy(bytes);
  file.tensors = detail::without_prefix(std::move(file.tensors), options.strip_prefix, bytes.name);
  file.metadata = detail::without_prefix(std::move(file.metadata), options.strip_prefix, bytes.name);
  return file;
}

}  // namespace mao
