// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Who holds a lock, as its file says, and whether that holder was given up.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/core/files.hpp>
#include <mao/core/process_identity.hpp>

namespace mao {

/// Who holds a lock.
struct LockHolder {
  ProcessIdentity process;
  ProcessIdentity child;        ///< works for it; pid 0 when there is none
  std::string since;            ///< UTC
  bool released = false;        ///< nobody: it was given back
  double seconds_silent = 0;    ///< since its last sign of life, by the clock of the file system
};

/// When a lock counts as left behind.
struct LockOptions {
  /// Without a sign of life from a holder on another machine. Has to be several times the pause between two
  /// `LockFile::refresh`. A holder on this machine is looked up instead: it is gone when its process is.
  std::chrono::duration<double> stale_after{120};
};

namespace detail {

/// Time as the file system counts it, which is what files on a server are stamped with.
inline double file_system_now(const std::filesystem::path& beside) {
  const TemporaryGuard probe{create_temporary_beside(beside)};
  struct stat status {};
  require<FileError>(::stat(probe.path.c_str(), &status) == 0, "cannot examine ", probe.path.string(), ": ",
                     std::strerror(errno));
  return static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
}

inline nlohmann::json to_json(const ProcessIdentity& process) {
  return {{"host", process.host}, {"machine", process.machine}, {"pid", process.pid}, {"started", process.started}};
}

inline ProcessIdentity process_from_json(const nlohmann::json& object) {
  return {.host = object.value("host", std::string()), .machine = object.value("machine", std::string()),
          .pid = object.value("pid", 0), .started = object.value("started", std::uint64_t{0})};
}

/// The content of one file of a lock; nothing when it is not there. One that cannot be understood belongs to nobody
/// known, so its age alone decides.
inline std::optional<LockHolder> read_lock_file(const std::filesystem::path& file) {
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));  // opening asks the server, stat may not
  struct stat status {};
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0) return std::nullopt;
  std::string text(static_cast<std::size_t>(status.st_size), ' ');
  const auto length = ::read(opened.get(), text.data(), text.size());
  const auto object = nlohmann::json::parse(text.substr(0, length > 0 ? static_cast<std::size_t>(length) : 0), nullptr,
                                            false);
  LockHolder holder;
  if (object.is_object() && object.contains("process")) {
    holder = {.process = process_from_json(object.at("process")),
              .child = process_from_json(object.value("child", nlohmann::json::object())),
              .since = object.value("since", std::string()),
              .released = object.value("released", false)};
  }
  if (state_of(holder.process) == ProcessState::Elsewhere && !holder.released) {
    holder.seconds_silent = file_system_now(file) - static_cast<double>(status.st_mtim.tv_sec) -
                            1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
  }
  return holder;
}

}  // namespace detail

/// Whether a holder was given up: it returned the lock, its processes are gone, or nothing was heard of it for long.
inline bool is_stale(const LockHolder& holder, const LockOptions& options = {}) {
  if (holder.released) return true;
  const auto gone = [](const ProcessIdentity& process) { return state_of(process) == ProcessState::Gone; };
  if (state_of(holder.process) == ProcessState::Elsewhere) return holder.seconds_silent > options.stale_after.count();
  return gone(holder.process) && (holder.child.pid == 0 || gone(holder.child));
}

}  // namespace mao
