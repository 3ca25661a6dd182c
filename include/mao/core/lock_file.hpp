// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A lock that processes on one or many machines take through a shared folder, and that outlives nobody who holds it.
///
/// The lock at PATH is a row of files PATH.1, PATH.2, ...: the last one says who holds it. Whoever takes it over from a
/// holder that is gone adds the next one, and the file system lets exactly one do so. No file is replaced by anybody
/// but its owner and none is removed while the lock is in use, so nobody can take away a lock that is held.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/core/files.hpp>
#include <mao/core/lock_holder.hpp>
#include <mao/core/process_identity.hpp>

namespace mao {

namespace detail {

inline std::filesystem::path lock_file_name(const std::filesystem::path& path, int generation) {
  return path.string() + "." + std::to_string(generation);
}

/// Puts `source` at `target` unless something is there: a hard link, or, where there are none, a new file.
inline bool create_exclusively(const std::filesystem::path& source, const std::filesystem::path& target) {
  if (::link(source.c_str(), target.c_str()) == 0) return true;
  const int failure = errno;
  struct stat status {};
  if (::stat(source.c_str(), &status) == 0 && status.st_nlink == 2) return true;  // done, and the answer was lost
  if (failure == EEXIST) return false;
  const bool no_links = failure == EPERM || failure == ENOTSUP || failure == ENOSYS || failure == EMLINK;
  require<FileError>(no_links, "cannot create the lock ", target.string(), ": ", std::strerror(failure));
  const FileDescriptor file(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) return false;
  const std::string text = read_text_file(source);
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

inline std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace detail

/// A lock that is held; given back when the object ends. One thread uses it at a time.
class LockFile {
 public:
  /// Takes the lock at `path`, whose folder exists, unless somebody holds it. Of many that try at once, on any number
  /// of machines, one gets it.
  ///
  /// **Throws** `FileError` when the folder cannot be written to.
  static std::optional<LockFile> try_take(const std::filesystem::path& path, const LockOptions& options = {}) {
    const auto [last, holder] = last_of(path);
    if (holder && !is_stale(*holder, options)) return std::nullopt;
    LockFile lock(path, last + 1);
    const detail::TemporaryGuard written{detail::create_temporary_beside(path)};
    std::ofstream(written.path) << lock.content_.dump() << "\n" << std::flush;
    lock.held_ = detail::create_exclusively(written.path, lock.file());
    if (!lock.held_) return std::nullopt;
    return lock;
  }

  /// Who holds the lock at `path`; nothing when nobody ever did.
  static std::optional<LockHolder> holder_of(const std::filesystem::path& path) { return last_of(path).second; }

  LockFile(LockFile&& other) noexcept { *this = std::move(other); }
  LockFile& operator=(LockFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(generation_, other.generation_);
    std::swap(content_, other.content_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~LockFile() {
    try {
      release();
    } catch (const std::exception&) {  // whoever comes next finds that this process is gone
    }
  }

  /// A sign of life. False when somebody else has taken the lock over, after too long a silence: whatever it protects
  /// must not be touched any more.
  bool refresh() {
    if (held_ && std::filesystem::exists(detail::lock_file_name(path_, generation_ + 1))) held_ = false;
    if (held_ && ::utimensat(AT_FDCWD, file().c_str(), nullptr, 0) != 0) held_ = false;
    return held_;
  }

  /// Names a process that works for the holder: the lock is not taken over while it lives.
  void add_child(pid_t pid) {
    content_["child"] = detail::to_json(identity_of(pid));
    rewrite();
  }

  /// Gives the lock back.
  void release() {
    if (!std::exchange(held_, false)) return;
    content_["released"] = true;
    rewrite();
  }

  /// Gives the lock back and removes its files. Only once what it protects is done for good: somebody who was about to
  /// take it over may get it at the same moment as another, and both have to find that nothing is left to do.
  void remove() {
    if (!std::exchange(held_, false)) return;
    std::error_code ignored;
    for (int i = generation_; i > 0; --i) std::filesystem::remove(detail::lock_file_name(path_, i), ignored);
  }

 private:
  LockFile(std::filesystem::path path, int generation)
      : path_(std::move(path)),
        generation_(generation),
        content_({{"process", detail::to_json(this_process())}, {"since", detail::utc_now()}}) {}

  [[nodiscard]] std::filesystem::path file() const { return detail::lock_file_name(path_, generation_); }

  void rewrite() const {
    write_file_atomically(file(), [&](std::ostream& out) { out << content_.dump() << "\n"; });
  }

  static std::pair<int, std::optional<LockHolder>> last_of(const std::filesystem::path& path) {
    std::pair<int, std::optional<LockHolder>> last{0, std::nullopt};
    while (auto next = detail::read_lock_file(detail::lock_file_name(path, last.first + 1))) {
      last = {last.first + 1, std::move(next)};
    }
    return last;
  }

  std::filesystem::path path_;
  int generation_ = 0;
  nlohmann::json content_;
  bool held_ = false;
};

}  // namespace mao
