// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Files as memory, and files that are written whole or not at all.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <utility>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

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
/// Share it (`std::make_shared<MappedFile>(path)`) with whatever points into it. Another process that shortens the file
/// while it is mapped makes reads of the lost part fatal; files written with `write_file_atomically` are replaced
/// instead.
class MappedFile {
 public:
  /// **Throws** `FileError` naming the file when it is missing, unreadable, not a regular file, or empty.
  explicit MappedFile(std::filesystem::path path) : path_(std::move(path)) {
    const detail::FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // no wait at a FIFO
    require<FileError>(file.valid(), "cannot open ", path_.string(), ": ", std::strerror(errno));
    struct stat status {};
    require<FileError>(::fstat(file.get(), &status) == 0, "cannot examine ", path_.string(), ": ",
                       std::strerror(errno));
    require<FileError>(S_ISREG(status.st_mode), path_.string(), " is not a regular file; pass the path of a file");
    require<FileError>(status.st_size > 0, path_.string(), " is empty; the download or copy may have failed");
    size_ = static_cast<std::size_t>(status.st_size);
    void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
    require<FileError>(memory != MAP_FAILED, "cannot map ", path_.string(), " into memory: ", std::strerror(errno));
    data_ = static_cast<char*>(memory);
  }

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

/// Creates a new empty file beside `path`, with the permissions that a plain create would give.
inline std::filesystem::path create_temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::filesystem::path temporary = path;
    temporary += text_of(".tmp-", ::getpid(), "-", counter++);
    const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.valid()) return temporary;
    require<FileError>(errno == EEXIST, "cannot write ", path.string(), ": creating ", temporary.string(),
                       " failed: ", std::strerror(errno), "; the folder has to exist and be writable");
  }
  throw FileError(
      text_of("cannot write ", path.string(), ": too many files named ", path.filename().string(), ".tmp-*"));
}

/// Waits until the file's content is on the disk.
inline void flush_to_disk(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  require<FileError>(file.valid() && ::fsync(file.get()) == 0, "cannot flush ", path.string(),
                     " to the disk: ", std::strerror(errno));
}

/// Removes its file unless told that the file is no longer temporary.
struct TemporaryGuard {
  std::filesystem::path path;
  bool armed = true;
  ~TemporaryGuard() {
    std::error_code ignored;
    if (armed) std::filesystem::remove(path, ignored);
  }
};

}  // namespace detail

/// Calls `write` with a stream and puts what it wrote at `path` in one step: readers see the old file or the new one.
///
/// The bytes go to a temporary file in the same folder, to the disk, and then over `path`. When anything fails, an
/// exception from `write` included, the temporary is removed and `path` is as it was. `before_rename` is called when
/// all but the last step is done, and prevents that by throwing.
/// **Throws** `FileError` when the folder is missing or not writable, or the disk is full; whatever `write` throws.
inline void write_file_atomically(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write,
                                  const std::function<void()>& before_rename = {}) {
  std::error_code unknown;
  const auto there = std::filesystem::status(path, unknown);
  require<FileError>(!std::filesystem::is_directory(there), "cannot write ", path.string(), ": it is a folder");
  require<FileError>(!std::filesystem::exists(there) || std::filesystem::is_regular_file(there), "cannot write ",
                     path.string(), ": it is a device, a pipe or a socket, which a file would replace; expected a path ",
                     "for a regular file");
  detail::TemporaryGuard temporary{detail::create_temporary_beside(path)};
  {
    std::ofstream stream(temporary.path, std::ios::binary | std::ios::trunc);
    require<FileError>(stream.is_open(), "cannot write ", temporary.path.string(), ": ", std::strerror(errno));
    write(stream);
    stream.close();
    require<FileError>(!stream.fail(), "writing ", path.string(), " failed (disk full?): ", std::strerror(errno));
  }
  detail::flush_to_disk(temporary.path);
  if (before_rename) before_rename();
  std::error_code failure;
  std::filesystem::rename(temporary.path, path, failure);
  require<FileError>(!failure, "cannot put the finished file at ", path.string(), ": ", failure.message());
  temporary.armed = false;
}

/// The text of a file without a byte-order mark, an empty file included. **Throws** `FileError` naming the file,
/// `FormatError` for UTF-16. Lists of names are read with `read_utf8_file` (text_file.hpp).
inline std::string read_text_file(const std::filesystem::path& path) {
  require<FileError>(!std::filesystem::is_directory(path), "cannot read ", path.string(), ": it is a folder");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  require<FileError>(stream.is_open(), "cannot open ", path.string(), ": ", std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  require<FileError>(!stream.bad(), "reading ", path.string(), " failed: ", std::strerror(errno));
  return without_byte_order_mark(std::move(text), path.string());
}

}  // namespace mao
