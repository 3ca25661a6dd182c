// SPDX-License-Identifier: Apache-2.0
// Loaded before a program's own libraries (LD_PRELOAD): the program stops (SIGSTOP) when it has written the file that
// the environment variable MAO_STOP_AT names, and has not yet put it in place; or when it is about to open the file
// that MAO_STOP_AT_OPEN names (`2:/a.png`: for the second time). Once.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// Where a file that is being written will be: its path without `.tmp-PID-N`.
std::string place_of(int file) {
  std::string path(PATH_MAX, '\0');
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path.data(), path.size());
  path.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return path.substr(0, path.find(".tmp-"));
}

bool is_stopped_at_opening(const std::string& path) {
  static std::atomic<int> opened{0};
  const char* wanted = std::getenv("MAO_STOP_AT_OPEN");
  if (wanted == nullptr) return false;
  const std::string text = wanted;
  const std::size_t colon = text.find(':');
  return path.ends_with(text.substr(colon + 1)) && ++opened == std::stoi(text.substr(0, colon));
}

}  // namespace

// Called by `write_file_atomically` just before it asks whether the file may be put in place.
extern "C" int fsync(int file) {
  static const auto next = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fsync"));
  static std::atomic<bool> stopped{false};
  const int status = next(file);
  const char* wanted = std::getenv("MAO_STOP_AT");
  if (wanted != nullptr && place_of(file).ends_with(wanted) && !stopped.exchange(true)) ::raise(SIGSTOP);
  return status;
}

// Called by every `std::ifstream`.
extern "C" FILE* fopen64(const char* path, const char* mode) {
  static const auto next = reinterpret_cast<FILE* (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, "fopen64"));
  if (is_stopped_at_opening(path)) ::raise(SIGSTOP);
  return next(path, mode);
}
