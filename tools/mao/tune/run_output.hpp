// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where a run says what it does: its folder, which one process holds at a time, its log, the console.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runs/lease.hpp"
#include "runs/progress.hpp"
#include "runs/run_folder.hpp"
#include "tune/settings.hpp"

namespace mao_program {

/// What is said before there is a folder goes into its log as soon as there is one.
class RunOutput {
 public:
  /// `silent`: one of several processes that train together, and not the first.
  RunOutput(std::string path, bool quiet, bool silent);

  /// True when the folder is there already.
  [[nodiscard]] bool exists() const;
  /// Makes the folder, or opens that of an earlier call. **Throws** `OptionError` when it holds another run.
  void open(const nlohmann::json& config);
  /// config.json of an earlier call; null when there is none.
  [[nodiscard]] nlohmann::json saved_config() const;
  [[nodiscard]] const RunFolder& folder() const { return *folder_; }

  /// Takes the folder for this process alone: two would mix their epochs. Waits while it is not known whether another
  /// holder lives; false when `should_stop` meanwhile. **Throws** `OptionError` naming the other.
  bool hold(const RunOptions& options, const std::function<bool()>& should_stop);
  /// **Throws** `FileError` when another process has taken over. Called before anything in the folder is changed.
  void expect_held() const;
  /// At once, before hours are spent. `data`: a folder or file of images, or the name of a data set.
  ///
  /// **Throws** `FileError` where no such folder can be, `OptionError` where it would be taken for a class of `data`,
  /// or is there and is not the folder of a run.
  void check_place(const std::string& data) const;
  /// The run is finished.
  void release();
  /// The run failed before it had learned anything: what this process wrote goes, so that the mended command may come.
  void withdraw();

  /// A line for console and log.
  void say(const std::string& line);
  /// A table, which is printed even when the run is quiet.
  void show(const std::string& table);
  /// Progress of one kind of work, on the console alone.
  void progress(const std::string& what, std::int64_t done, std::int64_t total, const std::string& note = {});

 private:
  void log(const std::string& line);

  std::string path_;
  bool quiet_, silent_;
  bool is_new_ = false;  ///< config.json was written by this process
  std::optional<RunFolder> folder_;
  nlohmann::json config_;
  std::optional<Lease> lease_;
  std::vector<std::string> unlogged_;
  ProgressLine progress_;
};

}  // namespace mao_program
