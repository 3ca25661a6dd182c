// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/files.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE MappedFile::MappedFile(std::filesystem::path path) : path_(std::move(path)) {
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

}  // namespace mao

namespace mao::detail {

MAO_INLINE std::filesystem::path create_temporary_beside(const std::filesystem::path& path) {
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
MAO_INLINE void flush_to_disk(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  require<FileError>(file.valid() && ::fsync(file.get()) == 0, "cannot flush ", path.string(),
                     " to the disk: ", std::strerror(errno));
}

MAO_INLINE TemporaryGuard::~TemporaryGuard() {
  std::error_code ignored;
  if (armed) std::filesystem::remove(path, ignored);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void write_file_atomically(const std::filesystem::path& path,
                                      const std::function<void(std::ostream&)>& write,
                                      const std::function<void()>& before_rename) {
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

MAO_INLINE std::string read_text_file(const std::filesystem::path& path) {
  require<FileError>(!std::filesystem::is_directory(path), "cannot read ", path.string(), ": it is a folder");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  require<FileError>(stream.is_open(), "cannot open ", path.string(), ": ", std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  require<FileError>(!stream.bad(), "reading ", path.string(), " failed: ", std::strerror(errno));
  return without_byte_order_mark(std::move(text), path.string());
}

}  // namespace mao
