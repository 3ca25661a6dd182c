// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What others see of a lease: who holds it, as its last file says, and whether that holder lives.

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao {

/// Who holds a lease, as its file says.
struct LeaseHolder {
  int generation = 0;             ///< the number of its file
  std::string host, machine;      ///< name; one boot of one system
  long pid = 0;                   ///< as the holder sees itself; 0: the file says nothing that can be understood
  std::string since;              ///< UTC
  std::string beat;               ///< another one each time that the holder gives a sign of life
  double stale_after = 60;        ///< seconds of silence after which it counts as dead: its own promise
  bool os_lock = false;           ///< it has an OS lock on its file
  bool released = false;          ///< given back
  bool gone = false;              ///< the OS lock speaks for the holder, and is free
  bool here = false;              ///< the OS lock speaks for the holder, and is held: its process exists
  double seconds_since_beat = 0;  ///< by this machine's clock; a hint and never a reason to take over

  /// `123 on host, since 2026-01-01T00:00:00Z`.
  [[nodiscard]] std::string text() const {
    return pid == 0 ? "a process that left no name" : text_of(pid, " on ", host, ", since ", since);
  }
};

namespace detail {

inline std::filesystem::path lease_file_name(const std::filesystem::path& path, int generation) {
  return path.string() + "." + std::to_string(generation);
}

inline std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

/// This boot of this system, alike in all its containers.
inline std::string this_boot() {
  std::ifstream stream("/proc/sys/kernel/random/boot_id");
  std::string line;
  std::getline(stream, line);
  return line;
}

inline std::string this_host() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "?";
}

/// Whether the file lies on a disk of this machine, where every process that could hold it is one of this kernel.
inline bool is_on_local_disk(int file) {
  constexpr std::array<unsigned long, 9> local{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,      BTRFS_SUPER_MAGIC,
                                               TMPFS_MAGIC,      RAMFS_MAGIC,          OVERLAYFS_SUPER_MAGIC,
                                               F2FS_SUPER_MAGIC, 0x2fc12fc1 /* ZFS */, 0xca451a4e /* bcachefs */};
  struct statfs status {};
  return ::fstatfs(file, &status) == 0 &&
         std::ranges::find(local, static_cast<unsigned long>(status.f_type)) != local.end();
}

/// The text of a lease file: always as long for the same holder, so that it is rewritten in place.
inline std::string lease_text(const LeaseHolder& holder, unsigned long beats) {
  std::string number = std::to_string(beats % 10'000'000'000UL);
  number.insert(0, 10 - number.size(), '0');
  return nlohmann::ordered_json{{"beat", number},
                                {"state", holder.released ? "free" : "held"},
                                {"host", holder.host},
                                {"boot", holder.machine},
                                {"pid", holder.pid},
                                {"since", holder.since},
                                {"stale_after", holder.stale_after},
                                {"os_lock", holder.os_lock}}
             .dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

inline LeaseHolder parse_lease(const std::string& text) {
  LeaseHolder nobody;
  nobody.beat = text;
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return nobody;
  try {
    LeaseHolder holder = nobody;
    object.at("host").get_to(holder.host);
    object.at("boot").get_to(holder.machine);
    object.at("pid").get_to(holder.pid);
    object.at("since").get_to(holder.since);
    object.at("beat").get_to(holder.beat);
    object.at("stale_after").get_to(holder.stale_after);
    object.at("os_lock").get_to(holder.os_lock);
    holder.released = object.at("state") == "free";
    return holder;
  } catch (const nlohmann::json::exception&) {
    return nobody;
  }
}

/// What one file of a lease says; nothing when it is not there. `ask_os`: whether the OS lock may decide.
inline std::optional<LeaseHolder> read_lease_file(const std::filesystem::path& file, int generation, bool ask_os) {
  // Opening asks the server of a shared folder, where stat may answer from memory.
  const FileDescriptor opened(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!opened.valid() && errno != ENOENT) {
    throw FileError(text_of("cannot read the lock ", file.string(), ": ", std::strerror(errno)));
  }
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0) return std::nullopt;
  std::array<char, 1024> text{};
  const auto length = ::pread(opened.get(), text.data(), text.size(), 0);
  LeaseHolder holder = parse_lease({text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))});
  holder.generation = generation;
  holder.seconds_since_beat = static_cast<double>(std::time(nullptr) - status.st_mtim.tv_sec);
  const bool decides = ask_os && holder.os_lock && (is_on_local_disk(opened.get()) || holder.machine == this_boot());
  if (holder.released || holder.pid == 0 || !decides) return holder;
  holder.gone = ::flock(opened.get(), LOCK_SH | LOCK_NB) == 0;  // given back as the descriptor closes
  holder.here = !holder.gone && errno == EWOULDBLOCK;
  return holder;
}

/// The last file of a lease; nothing when there is none.
inline std::optional<LeaseHolder> last_holder(const std::filesystem::path& path, bool ask_os = true) {
  std::optional<LeaseHolder> last;
  int generation = 1;
  while (std::filesystem::exists(lease_file_name(path, generation + 1))) ++generation;
  while (auto next = read_lease_file(lease_file_name(path, generation), generation, ask_os)) {
    last = std::move(next);
    ++generation;
  }
  return last;
}

}  // namespace detail

/// What is known of a lease.
enum class LeaseState {
  Free,   ///< never taken, given back, its process gone, or silent for as long as it said
  Held,   ///< a sign of life was seen, or its process is on this machine and gave one just now
  Silent  ///< held, and no sign of life was seen yet: look again
};

/// Looks at leases of others. Time is this process's own clock, which nobody sets: a holder is silent from the moment
/// that its last sign of life was first seen here.
class LeaseWatch {
 public:
  /// `ask_os`: false as on a shared file system, where signs of life alone decide.
  explicit LeaseWatch(bool ask_os = true) : ask_os_(ask_os) {}

  /// `judged` is told whose file the answer is about. **Throws** `FileError` when a file of the lease is there and
  /// cannot be read.
  LeaseState look(const std::filesystem::path& path, std::optional<LeaseHolder>* judged = nullptr) {
    const auto holder = detail::last_holder(path, ask_os_);
    if (judged != nullptr) *judged = holder;
    if (!holder || holder->released || holder->gone) return LeaseState::Free;
    const auto now = std::chrono::steady_clock::now();
    const std::string beat = text_of(holder->generation, " ", holder->beat);
    const auto [entry, first] = seen_.try_emplace(path.string(), Seen{beat, now, false});
    if (!first && entry->second.beat != beat) entry->second = {beat, now, true};
    const std::chrono::duration<double> silent = now - entry->second.since;
    if (silent.count() > holder->stale_after) return LeaseState::Free;
    const bool just_now = holder->here && std::abs(holder->seconds_since_beat) <= holder->stale_after / 3;
    return entry->second.moved || just_now ? LeaseState::Held : LeaseState::Silent;
  }

 private:
  struct Seen {
    std::string beat;
    std::chrono::steady_clock::time_point since;
    bool moved = false;
  };
  bool ask_os_;
  std::map<std::string, Seen> seen_;
};

}  // namespace mao
