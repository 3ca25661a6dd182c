// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/tensor_file.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <mao/config.hpp>
#include <mao/io/detail/safetensors_header.hpp>
#include <mao/io/detail/shard_index.hpp>
#include <mao/io/detail/zip_archive.hpp>
#include <mao/io/safetensors.hpp>

namespace mao::detail {

/// The names under which model folders keep their weights, best first.
inline constexpr std::array<std::string_view, 4> weight_file_names{"model.safetensors", "open_clip_model.safetensors",
                                                                   "pytorch_model.bin", "open_clip_pytorch_model.bin"};

/// The sorted names in a folder, for a message.
MAO_INLINE std::string folder_listing(const std::filesystem::path& folder) {
  constexpr std::size_t longest = 30;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  if (names.empty()) return "nothing";
  std::sort(names.begin(), names.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), longest); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > longest ? text_of(text, " and ", names.size() - longest, " more") : text;
}

/// Whether the bytes start as a safetensors file does: a header length, then an object.
MAO_INLINE bool recognises_safetensors(std::span<const char> bytes) {
  return bytes.size() > 8 && bytes[8] == '{' && little_endian<std::uint64_t>(bytes, 0, "") <= max_safetensors_header;
}

/// The first bytes of a file as text, so that a saved web page or a Git LFS pointer shows itself.
MAO_INLINE std::string readable_start(const SharedBytes& bytes) {
  std::string text(bytes.data, std::min<std::size_t>(bytes.size, 40));
  for (char& byte : text) byte = byte >= ' ' && byte <= '~' ? byte : '.';
  return text;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::filesystem::path find_tensor_file(const std::filesystem::path& path) {
  std::error_code ignored;
  require<FileError>(std::filesystem::exists(path, ignored), "there is no file or folder ", path.string());
  if (!std::filesystem::is_directory(path)) return path;
  std::string looked_for;
  for (const std::string_view name : detail::weight_file_names) {
    if (std::filesystem::exists(path / name)) return path / name;
    const auto index = path / (std::string(name) + std::string(detail::index_suffix));
    if (std::filesystem::exists(index)) return index;
    looked_for += (looked_for.empty() ? "" : ", ") + std::string(name);
  }
  throw FileError(text_of("the folder ", path.string(), " has no weights under the names ", looked_for,
                          " nor an index of one of them; it holds ", detail::folder_listing(path),
                          ". Pass the weights file itself if it has another name"));
}

MAO_INLINE TensorFile parse_tensors(const SharedBytes& bytes, const TorchArchiveOptions& options) {
  if (detail::recognises_safetensors(bytes.span())) return parse_safetensors(bytes);
  const bool is_torch = ZipArchive::recognises(bytes.span()) || (bytes.size > 0 && bytes.data[0] == '\x80');
  require<FormatError>(is_torch, bytes.name,
                       " is neither a safetensors file nor a file of torch.save; it begins with \"",
                       detail::readable_start(bytes), "\"");
  return parse_torch_archive(bytes, options);
}

}  // namespace mao

namespace mao::detail {

/// The tensors of all parts. **Throws** `FileError` for a part that is missing, `FormatError` where index and parts
/// disagree.
MAO_INLINE TensorFile read_shards(const std::filesystem::path& path, const TorchArchiveOptions& options) {
  const ShardIndex index = read_shard_index(path);
  TensorFile result;
  std::uint64_t bytes = 0;
  for (const std::string& part : index.parts) {
    TensorFile file = parse_tensors(map_bytes(path.parent_path() / part), options);
    for (auto& [name, tensor] : file.tensors) {
      const auto listed = index.part_of.find(name);
      require<FormatError>(listed != index.part_of.end() && listed->second == part, path.string(), ": ", part,
                           " holds the tensor \"", name, "\", which the index ",
                           listed == index.part_of.end() ? "does not list" : "says is in " + listed->second,
                           "; the parts are not of one model, download them again");
      bytes += tensor.nbytes();
      result.tensors.emplace(name, std::move(tensor));
    }
    result.metadata.merge(file.metadata);
  }
  for (const auto& [name, part] : index.part_of) {
    require<FormatError>(result.tensors.contains(name), path.string(), ": the tensor \"", name, "\" is not in ", part,
                         ", where the index says it is; download the parts again");
  }
  require<FormatError>(!index.total_size || *index.total_size == bytes, path.string(), ": the parts hold ", bytes,
                       " bytes of tensors, the index says ", index.total_size.value_or(0),
                       "; a part is damaged or of another model, download them again");
  return result;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE TensorFile read_tensors(const std::filesystem::path& path, const TorchArchiveOptions& options) {
  const std::filesystem::path file = find_tensor_file(path);
  if (file.string().ends_with(detail::index_suffix)) return detail::read_shards(file, options);
  return parse_tensors(map_bytes(file), options);
}

}  // namespace mao
