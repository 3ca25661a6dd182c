// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads tensors from whatever a user has: a safetensors file, a PyTorch file, or a model folder of Hugging Face or
/// open_clip.

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <mao/core/bytes.hpp>
#include <mao/core/named_tensors.hpp>
#include <mao/core/safetensors.hpp>
#include <mao/core/torch_archive.hpp>

namespace mao {

namespace detail {

/// The names under which model folders keep their weights, best first.
inline constexpr std::array<std::string_view, 4> weight_file_names{"model.safetensors", "open_clip_model.safetensors",
                                                                   "pytorch_model.bin", "open_clip_pytorch_model.bin"};

/// The sorted names in a folder, for a message.
inline std::string folder_listing(const std::filesystem::path& folder) {
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
inline bool recognises_safetensors(std::span<const char> bytes) {
  return bytes.size() > 8 && bytes[8] == '{' && little_endian<std::uint64_t>(bytes, 0, "") <= max_safetensors_header;
}

/// The first bytes of a file as text, so that a saved web page or a Git LFS pointer shows itself.
inline std::string readable_start(const SharedBytes& bytes) {
  std::string text(bytes.data, std::min<std::size_t>(bytes.size, 40));
  for (char& byte : text) byte = byte >= ' ' && byte <= '~' ? byte : '.';
  return text;
}

}  // namespace detail

/// The file that holds the weights: `path` itself, or in a folder the first of model.safetensors,
/// open_clip_model.safetensors, pytorch_model.bin and open_clip_pytorch_model.bin. **Throws** `FileError` that lists
/// what the folder holds.
inline std::filesystem::path find_tensor_file(const std::filesystem::path& path) {
  std::error_code ignored;
  require<FileError>(std::filesystem::exists(path, ignored), "there is no file or folder ", path.string());
  if (!std::filesystem::is_directory(path)) return path;
  std::string looked_for;
  for (const std::string_view name : detail::weight_file_names) {
    if (std::filesystem::exists(path / name)) return path / name;
    looked_for += (looked_for.empty() ? "" : ", ") + std::string(name);
  }
  const bool in_parts = std::filesystem::exists(path / "model.safetensors.index.json") ||
                        std::filesystem::exists(path / "pytorch_model.bin.index.json");
  throw FileError(text_of("the folder ", path.string(), " has no weights under the names ", looked_for, "; it holds ",
                          detail::folder_listing(path),
                          in_parts ? ". Weights in several parts cannot be read: join them into one model.safetensors"
                                   : ". Pass the weights file itself if it has another name"));
}

/// Reads the tensors of a file in memory, of either format; the content decides, not the name. **Throws**
/// `FormatError`.
inline TensorFile parse_tensors(const SharedBytes& bytes, const TorchArchiveOptions& options = {}) {
  if (detail::recognises_safetensors(bytes.span())) return parse_safetensors(bytes);
  const bool is_torch = ZipArchive::recognises(bytes.span()) || (bytes.size > 0 && bytes.data[0] == '\x80');
  require<FormatError>(is_torch, bytes.name,
                       " is neither a safetensors file nor a file of torch.save; it begins with \"",
                       detail::readable_start(bytes), "\"");
  return parse_torch_archive(bytes, options);
}

/// Reads the tensors of a file or model folder, of either format.
///
/// `options` apply to PyTorch's files. **Throws** `FileError` and `FormatError` as `read_safetensors` and
/// `read_torch_archive`.
inline TensorFile read_tensors(const std::filesystem::path& path, const TorchArchiveOptions& options = {}) {
  return parse_tensors(map_bytes(find_tensor_file(path)), options);
}

}  // namespace mao
