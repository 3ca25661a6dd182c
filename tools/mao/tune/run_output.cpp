// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <thread>
#include <utility>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/data/open.hpp>
#include <mao/io/files.hpp>

#include <nlohmann/json.hpp>

#include "data/labelled_images.hpp"
#include "runs/leftovers.hpp"
#include "tune/run_output.hpp"

namespace mao_program {

namespace fs = std::filesystem;

RunOutput::RunOutput(std::string path, bool quiet, bool silent)
    : path_(std::move(path)), quiet_(quiet), silent_(silent), progress_(std::cerr, ProgressLine::is_terminal()) {}

bool RunOutput::exists() const { return fs::exists(fs::path(path_) / "config.json"); }

nlohmann::json RunOutput::saved_config() const {
  if (!exists()) return nullptr;
  return RunFolder::read_config(path_);
}

void RunOutput::open(const nlohmann::json& config) {
  if (!folder_) {
    is_new_ = !exists();
    folder_.emplace(path_, config);
    config_ = config;
  }
  for (const std::string& line : std::exchange(unlogged_, {})) folder_->log(escaped(line));
}

bool RunOutput::hold(const RunOptions& options, const std::function<bool()>& should_stop) {
  if (lease_) return true;
  const auto path = folder_->path() / "run.lock";
  LeaseWatch watch;
  bool told = false;
  while (true) {
    const LeaseState state = options.take_over ? LeaseState::Free : watch.look(path);
    if (state == LeaseState::Free) {
      lease_ = options.take_over ? Lease::take_over(path, options.stale_after)
                                 : Lease::try_take(path, watch, options.stale_after);
    }
    if (lease_) break;
    const auto holder = Lease::holder_of(path);
    const std::string who = holder ? holder->text() : "";
    require<OptionError>(state != LeaseState::Held, path_, ": another process is at work in this folder (", who,
                         "); wait for it, choose another --out, or take the folder from it with --take-over");
    if (state == LeaseState::Silent && !std::exchange(told, true)) {
      say(text_of(path_, " is held by a process that may be gone (", who, "); looking for a sign of life for ",
                  holder ? holder->stale_after : 0, " s (--take-over: without looking)"));
    }
    if (should_stop()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  folder_->keep_config(config_);  // a run that failed at once has taken its own away, or another run was quicker
  if (lease_->took_over()) say(text_of(path_, ": taken over from a process that did not finish"));
  folder_->guard([this] { expect_held(); });
  remove_leftovers(folder_->path());  // of a run that was killed
  return true;
}

void RunOutput::expect_held() const { lease_->expect_held(); }

void RunOutput::check_place(const std::string& data) const {
  fs::path place = fs::absolute(path_);
  std::error_code failure;
  while (!fs::exists(place, failure) && place.has_relative_path()) place = place.parent_path();
  require<FileError>(fs::is_directory(place, failure), "--out ", path_, ": ", place.string(),
                     " is a file; expected a folder, or a path where one can be made");
  require<FileError>(access(place.c_str(), W_OK | X_OK) == 0, "--out ", path_, ": ", place.string(),
                     " cannot be written to; choose another --out");
  if (exists()) {
    const nlohmann::json saved = saved_config();
    require<OptionError>(saved.contains("method") && saved.contains("data"), path_,
                         " holds a config.json that mao has not written; choose another --out");
    return;
  }
  RunFolder::expect_own_folder(path_);
  if (is_rendered(data) || !fs::is_directory(data, failure) || !mao::detail::split_files_in(data).empty()) return;
  const auto within = fs::weakly_canonical(fs::absolute(path_)).lexically_relative(fs::canonical(data));
  require<OptionError>(
      within.empty() || *within.begin() == "..", "--out ", path_, " is within --data ", data,
      ", among its images, where later commands would look for a class in it; choose a folder outside");
}

void RunOutput::release() {
  folder_->guard({});  // only its log is written from now on
  lease_->remove();
}

void RunOutput::withdraw() {
  if (!is_new_ || !folder_ || !lease_ || !lease_->held()) return;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".safetensors") || name == "metrics.jsonl" || name == "result.json") return;
  }
  std::error_code ignored;
  for (const char* name : {"config.json", "log.txt", "zero_shot.json", "dassl"}) {
    fs::remove_all(fs::path(path_) / name, ignored);
  }
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().filename().string().starts_with("seed")) fs::remove_all(entry.path(), ignored);
  }
  lease_->remove();            // last: whoever takes the folder then finds nothing of this run
  fs::remove(path_, ignored);  // when nothing else is in it
}

void RunOutput::log(const std::string& line) {
  if (folder_) {
    folder_->log(escaped(line));
  } else {
    unlogged_.push_back(line);
  }
}

void RunOutput::say(const std::string& line) {
  progress_.finish();
  if (!quiet_) std::cout << escaped(line) << std::endl;
  log(line);
}

void RunOutput::show(const std::string& table) {
  progress_.finish();
  if (!silent_) std::cout << table << std::flush;
  log(table);
}

void RunOutput::progress(const std::string& what, std::int64_t done, std::int64_t total, const std::string& note) {
  if (!quiet_) progress_.update(what, done, total, note);
}

}  // namespace mao_program
