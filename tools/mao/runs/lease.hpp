// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A lock on a folder that processes on one or many machines share: a lease that its holder renews, and an OS lock.
///
/// The lease at PATH is a row of files PATH.1, PATH.2, ...: the last one belongs to the holder, who keeps an OS lock on
/// it and writes a sign of life into it. Whoever takes it over adds the next file, and the file system lets exactly one
/// do so. Nobody changes or removes the file of another, so the former holder finds out by looking.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <signal.h>
#include <thread>
#include <utility>

#include "runs/lease_watch.hpp"

namespace mao {

/// A lease that is held; given back when the object ends.
class Lease {
 public:
  /// Takes the lease at `path`, whose folder exists, when `watch` finds it free. Of many that try at once, on any
  /// number of machines, one gets it. `stale_after`: seconds without a sign of life after which others may take it
  /// over; a thread gives six in that time.
  ///
  /// **Throws** `FileError` when the folder cannot be written to.
  static std::optional<Lease> try_take(const std::filesystem::path& path, LeaseWatch& watch, double stale_after = 60) {
    std::optional<LeaseHolder> judged;
    if (watch.look(path, &judged) != LeaseState::Free) return std::nullopt;
    return take_after(judged, path, stale_after);
  }

  /// Takes it whoever holds it: somebody knows better. Nothing when another process took it at the same moment.
  static std::optional<Lease> take_over(const std::filesystem::path& path, double stale_after = 60) {
    return take_after(detail::last_holder(path, false), path, stale_after);
  }

  /// Who holds the lease at `path`; nothing when nobody ever did.
  static std::optional<LeaseHolder> holder_of(const std::filesystem::path& path) { return detail::last_holder(path); }

  /// Looks at the files: false when another process has taken over, or the file of this holder is gone. Whatever the
  /// lease protects must not be touched any more then.
  [[nodiscard]] bool held() const { return self_ && self_->why_lost().empty(); }
  /// **Throws** `FileError` saying who has taken over, or what is gone.
  void expect_held() const {
    const std::string why = self_ ? self_->why_lost() : "it was given back";
    require<FileError>(why.empty(), why);
  }
  /// The former holder had not given it back.
  [[nodiscard]] bool took_over() const { return self_->took_over; }
  /// Pause between two signs of life, in seconds.
  [[nodiscard]] double pause() const { return self_->pause(); }

  /// Gives it back.
  void release() { self_.reset(); }

  /// Gives it back and removes its files. Only once what it protects is finished: somebody who was about to take
  /// it over may get it at the same moment as another, and both have to find that nothing is left to do.
  void remove() {
    if (!held()) return self_.reset();
    const std::unique_ptr<Self> self = std::move(self_);
    std::error_code ignored;
    for (int i = self->holder.generation; i > 0; --i) {
      std::filesystem::remove(detail::lease_file_name(self->path, i), ignored);
    }
  }

 private:
  struct Self {
    std::filesystem::path path;
    LeaseHolder holder;
    int file = -1;
    bool took_over = false;
    unsigned long beats = 0;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::jthread thread;

    Self() = default;
    Self(const Self&) = delete;
    Self& operator=(const Self&) = delete;
    ~Self() {
      thread.request_stop();
      if (thread.joinable()) thread.join();
      holder.released = true;
      if (file >= 0) write_beat();
      if (file >= 0) ::close(file);
    }

    [[nodiscard]] double pause() const { return holder.stale_after / 6; }
    [[nodiscard]] std::filesystem::path file_name() const { return detail::lease_file_name(path, holder.generation); }

    /// One write in place. When it fails, on a full disk for instance, the holder is silent, which others may take up.
    bool write_beat() {
      const std::string text = detail::lease_text(holder, ++beats);
      return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
    }

    void open_locked(const std::filesystem::path& name, int flags) {
      file = ::open(name.c_str(), flags, 0666);
      holder.os_lock = file >= 0 && ::flock(file, LOCK_EX) == 0;
    }

    /// Puts a file that is locked and written at its place, unless one is there.
    bool create() {
      const detail::TemporaryGuard made{detail::create_temporary_beside(path)};
      open_locked(made.path, O_RDWR | O_CLOEXEC);
      require<FileError>(file >= 0 && write_beat(), "cannot write ", path.string(), ": ", std::strerror(errno));
      if (::link(made.path.c_str(), file_name().c_str()) == 0) return true;
      const int failure = errno;
      struct stat status {};
      if (::fstat(file, &status) == 0 && status.st_nlink == 2) return true;  // done, and the answer was lost
      if (failure != EEXIST) return create_in_place(failure);
      ::close(std::exchange(file, -1));
      return false;
    }

    /// Where there are no hard links.
    bool create_in_place(int failure) {
      ::close(std::exchange(file, -1));
      const bool no_links = failure == EPERM || failure == ENOTSUP || failure == ENOSYS || failure == EMLINK;
      require<FileError>(no_links, "cannot make the lock ", file_name().string(), ": ", std::strerror(failure));
      open_locked(file_name(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC);
      if (file < 0) return false;
      require<FileError>(write_beat(), "cannot write ", file_name().string(), ": ", std::strerror(errno));
      return true;
    }

    /// Signs of life from a thread: a process that is stopped gives none. Signals are for the other threads.
    void start() {
      sigset_t all, before;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
      thread = std::jthread([this](const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        while (!wake.wait_for(lock, stop, std::chrono::duration<double>(pause()), [] { return false; }) &&
               !stop.stop_requested()) {
          write_beat();
        }
      });
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    [[nodiscard]] std::string why_lost() const {
      struct stat mine {
      }, there{};
      const auto next = detail::read_lease_file(detail::lease_file_name(path, holder.generation + 1), 0, false);
      if (next) {
        return text_of(path.parent_path().string(), " was taken over by process ", next->text(),
                       "; this process writes nothing more there");
      }
      const bool same = ::stat(file_name().c_str(), &there) == 0 && ::fstat(file, &mine) == 0 &&
                        there.st_ino == mine.st_ino && there.st_dev == mine.st_dev;
      return same ? std::string()
                  : text_of(file_name().string(),
                            ", the lock of this process, is gone; the folder was removed or "
                            "replaced, and this process writes nothing more there");
    }
  };

  /// The file behind that of the holder who was judged. Another process that took it since then has made that file, so
  /// of many who judged alike one gets the lease.
  static std::optional<Lease> take_after(const std::optional<LeaseHolder>& before, const std::filesystem::path& path,
                                         double stale_after) {
    auto self = std::make_unique<Self>();
    self->path = std::filesystem::absolute(path);
    self->holder = {.generation = before ? before->generation + 1 : 1,
                    .host = detail::this_host(),
                    .machine = detail::this_boot(),
                    .pid = ::getpid(),
                    .since = detail::utc_now(),
                    .beat = {},
                    .stale_after = stale_after};
    if (!self->create()) return std::nullopt;
    self->took_over = before && !before->released;
    self->start();
    return Lease(std::move(self));
  }

  explicit Lease(std::unique_ptr<Self> self) : self_(std::move(self)) {}

  std::unique_ptr<Self> self_;
};

}  // namespace mao
