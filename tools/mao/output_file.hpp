// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A file that a command writes: it is none of those that it reads, it replaces only an earlier file of its own kind,
/// and the command says so.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/io/tensor_file.hpp>

namespace mao_program {

/// **Throws** `OptionError` when `out` is one of the files in `read`, or the weights of a folder in it. Empty names do
/// not count.
inline void expect_not_read(const std::string& out, const std::vector<std::string>& read) {
  namespace fs = std::filesystem;
  for (const std::string& name : read) {
    std::error_code absent;
    if (name.empty() || !fs::exists(name, absent)) continue;
    fs::path file(name);
    if (fs::is_directory(file, absent)) {
      try {
        file = mao::find_tensor_file(file);
      } catch (const mao::FileError&) {  // a folder of something else
        continue;
      }
    }
    mao::require<mao::OptionError>(!fs::equivalent(out, file, absent), out,
                                   " is read by this command too, and would be lost; give another name to write to");
  }
}

/// **Throws** `OptionError` when `out` is a file that holds something else than `what`, which `is_own` knows by its
/// content. A file without content may be replaced.
inline void expect_replaceable(const std::string& out, const std::string& what,
                               const std::function<bool(const std::filesystem::path&)>& is_own) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(out, failure) || std::filesystem::file_size(out, failure) == 0) return;
  mao::require<mao::OptionError>(is_own(out), out, " exists and is not ", what,
                                 ", so it is not replaced; give another name to write to, or remove the file first");
}

/// The first `count` bytes of a file, or all; empty where it cannot be read.
inline std::string beginning_of(const std::filesystem::path& file, std::size_t count) {
  std::string bytes(count, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return bytes;
}

/// Whether it is a safetensors file that mao marked with this format.
inline bool has_format(const std::filesystem::path& file, std::string_view format) {
  try {
    const auto metadata = mao::read_safetensors(file).metadata;
    const auto found = metadata.find("format");
    return found != metadata.end() && found->second == format;
  } catch (const mao::Error&) {  // another file, or a damaged one
    return false;
  }
}

/// **Throws** `OptionError` unless the name ends in .safetensors, by which the other commands know the file, and as
/// `expect_not_read` does.
inline void expect_safetensors_output(const std::string& out, const std::vector<std::string>& read) {
  mao::require<mao::OptionError>(std::filesystem::path(out).extension() == ".safetensors", out,
                                 ": expected the name of a *.safetensors file to write");
  expect_not_read(out, read);
}

/// The same for a prompts file, and as `expect_replaceable` does.
inline void expect_prompts_output(const std::string& out, const std::vector<std::string>& read) {
  expect_safetensors_output(out, read);
  expect_replaceable(out, "a prompts file of mao",
                     [](const std::filesystem::path& file) { return has_format(file, "mao-prompts"); });
}

/// The same for the class weights of `mao export`, which have a list of classes beside them.
inline void expect_weights_output(const std::string& out, const std::vector<std::string>& read) {
  expect_safetensors_output(out, read);
  expect_replaceable(out, "a file of `mao export`", [](const std::filesystem::path& file) {
    return has_format(file, "mao-class-weights") || has_format(file, "mao-joined-weights");
  });
  const bool has_earlier = std::filesystem::exists(out);  // then the list beside it has its classes
  expect_replaceable(std::filesystem::path(out).replace_extension(".classes.txt").string(),
                     "the list of classes beside a file of `mao export`",
                     [&](const std::filesystem::path&) { return has_earlier; });
}

/// ` over an earlier file` where `out` exists already, for the line that says what was written. To be asked before.
inline std::string over_earlier(const std::filesystem::path& out) {
  std::error_code absent;
  return std::filesystem::exists(out, absent) ? " over an earlier file" : "";
}

}  // namespace mao_program
