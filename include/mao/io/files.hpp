// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Files as memory, and files that are written completely or not at all.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <ostream>
#include <span>
#include <string>

namespace mao {

namespace detail {

/// A file descriptor that closes itself.
class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool valid() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

}  // namespace detail

/// A whole file as memory. The file itself never changes: writing to the memory makes a private copy of the page.
///
/// Share it (`std::make_shared<MappedFile>(path)`) with everything that points into it. If another process truncates
/// the file while it is mapped, reads of the lost part crash; files written with `write_file_atomically` are replaced
/// instead.
class MappedFile {
 public:
  /// **Throws** `FileError` naming the file if it is missing, unreadable, not a regular file, or empty.
  explicit MappedFile(std::filesystem::path path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() { ::munmap(data_, size_); }

  /// All bytes of the file.
  [[nodiscard]] std::span<const char> bytes() const { return {data_, size_}; }
  /// The same memory for an owner that may write to its private copy, as a tensor may.
  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace detail {

/// Creates a new empty file beside `path`, with default permissions.
std::filesystem::path create_temporary_beside(const std::filesystem::path& path);

/// Removes its file unless it was told that the file is no longer temporary.
struct TemporaryGuard {
  std::filesystem::path path;
  bool armed = true;
  ~TemporaryGuard();
};

}  // namespace detail

/// Calls `write` with a stream and puts the result at `path` in one step: readers see the old file or the new one.
///
/// The bytes are written to a temporary file in the same folder and flushed to the disk; then it is renamed to `path`.
/// If anything fails, including an exception from `write`, the temporary file is removed and `path` does not change.
/// `before_rename` is called just before the last step, and prevents it by throwing.
/// **Throws** `FileError` if the folder is missing or not writable, or the disk is full; and whatever `write` throws.
void write_file_atomically(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write,
                           const std::function<void()>& before_rename = {});

/// The text of a file without a byte-order mark; the file may be empty. **Throws** `FileError` naming the file,
/// `FormatError` for UTF-16. Read lists of names with `read_utf8_file` (text_file.hpp).
std::string read_text_file(const std::filesystem::path& path);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/files.ipp>
#endif
