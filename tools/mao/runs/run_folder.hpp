// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The folder of a run: what it was asked, what it said, what it measured. Everything in it is whole at any moment.

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/data/folder.hpp>
#include <mao/io/files.hpp>
#include <mao/io/json_text.hpp>

#include "runs/append_line.hpp"
#include "runs/create_once.hpp"
#include "runs/default_settings.hpp"
#include "runs/former_names.hpp"
#include "runs/json_checksum.hpp"

namespace mao {

/// config.json, log.txt, metrics.jsonl and results.json in one folder. JSON has a checksum, which is verified.
///
/// Of several processes that may write to one folder, one at a time does: see `guard`, and `Lease`.
class RunFolder {
 public:
  /// Makes the folder or reopens it. A folder that holds another run, or files of that name which no run has made, is
  /// refused.
  ///
  /// **Throws** `OptionError` naming the settings that differ, or the file.
  RunFolder(std::filesystem::path path, const nlohmann::json& config) : path_(std::move(path)) {
    std::error_code failure;
    std::filesystem::create_directories(path_, failure);
    require<FileError>(std::filesystem::is_directory(path_), "cannot make the folder ", path_.string(), ": ",
                       failure.message());
    expect_own_folder(path_);
    keep_config(config);
  }

  /// **Throws** `OptionError` for a folder that holds folders, images or files of a run's names, but not the file
  /// `mark` of what it should be.
  static void expect_own_folder(const std::filesystem::path& path, const char* mark = "config.json",
                                const char* what = "a run") {
    const std::string other = name_of_others(path);  // before the next line: another process may be making it
    require<OptionError>(other.empty() || std::filesystem::exists(path / mark), path.string(), " holds ", other,
                         " but no ", mark, ", so it is not the folder of ", what, "; choose another --out");
  }

  /// The settings in the config.json of a folder, by the names of today. **Throws** `FormatError` when the file is
  /// damaged or was edited.
  static nlohmann::json read_config(const std::filesystem::path& folder) {
    const auto file = folder / "config.json";
    auto saved = nlohmann::json::parse(read_text_file(file), nullptr, false);
    require<FormatError>(saved.is_object(), file.string(),
                         " is not a JSON object; remove the folder or choose another");
    expect_unchanged(saved, file.string(), "put it back as it was, choose another --out");
    return with_current_names(std::move(saved));
  }

  /// Writes config.json if there is none. **Throws** `OptionError` when there is one with other settings.
  void keep_config(const nlohmann::json& config) const {
    const auto file = path_ / "config.json";
    if (!std::filesystem::exists(file)) create_file_once(file, checked_json_text(config, 2) + "\n");
    const auto saved = read_config(path_);
    const std::string different = differences(saved, config);
    require<OptionError>(different.empty(), path_.string(), " holds a run with other settings (", different,
                         "); choose another --out, or delete the folder to start again");
  }

  /// `fence` is called before anything in the folder is changed; throws to prevent it.
  void guard(std::function<void()> fence) { fence_ = std::move(fence); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// A folder within, made when missing.
  [[nodiscard]] std::filesystem::path folder(const std::string& name) const {
    if (fence_) fence_();
    std::filesystem::create_directories(path_ / name);
    return path_ / name;
  }

  /// Appends a line to log.txt.
  void log(const std::string& line) const { append("log.txt", line); }

  /// Appends an object to metrics.jsonl.
  void metric(const nlohmann::json& object) const { append("metrics.jsonl", checked_json_text(object)); }

  /// Removes those lines of metrics.jsonl that a resumed run is going to write again.
  template <class Predicate>
  void forget_metrics(Predicate&& is_stale) const {
    const auto file = path_ / "metrics.jsonl";
    if (!std::filesystem::exists(file)) return;
    std::ifstream in(file);
    std::string kept, line;
    int number = 0;
    while (std::getline(in, line)) {
      ++number;
      auto object = nlohmann::json::parse(line, nullptr, false);
      expect_unchanged(object, text_of(file.string(), ":", number), "restore the line, remove it");
      try {
        if (object.is_object() && !is_stale(object)) kept += line + "\n";
      } catch (const nlohmann::json::exception&) {
        throw FormatError(text_of(file.string(), ":", number, ": a value is of another kind than mao writes; the file ",
                                  "is damaged: remove that line"));
      }
    }
    write_file_atomically(
        file, [&](std::ostream& out) { out << kept; }, fence_);
  }

  /// Reads a JSON file of the folder; null when it is not there. **Throws** `FormatError` when it is damaged or was
  /// edited.
  [[nodiscard]] nlohmann::json read(const std::string& name) const {
    if (!std::filesystem::exists(path_ / name)) return nullptr;
    auto value = nlohmann::json::parse(read_text_file(path_ / name), nullptr, false);
    require<FormatError>(!value.is_discarded(), (path_ / name).string(), " is not JSON; remove it");
    expect_unchanged(value, (path_ / name).string(), "remove it, and the same command makes it again");
    return value;
  }

  /// The same of a file that holds all that `look` asks it for. **Throws** `FormatError` naming one that does not.
  template <class Look>
  [[nodiscard]] nlohmann::json read(const std::string& name, Look&& look) const {
    auto value = read(name);
    try {
      if (!value.is_null()) look(value);
    } catch (const nlohmann::json::exception&) {
      throw FormatError(text_of((path_ / name).string(), " is damaged: a part is missing, or of another kind than mao ",
                                "writes; remove it, and the same command makes it again"));
    }
    return value;
  }

  /// Writes an object as a JSON file of the folder, atomically.
  void save(const std::string& name, const nlohmann::json& value) const { write(path_ / name, value); }

  /// The same on one line, for what is large and not read by people.
  void save_compact(const std::string& name, const nlohmann::json& value) const {
    write_file_atomically(
        path_ / name, [&](std::ostream& out) { out << checked_json_text(value) << "\n"; }, fence_);
  }

 private:
  /// A name in a folder that is not that of a run, if there is one; empty otherwise. Files beside a run, such as a
  /// scheduler's log, are welcome.
  static std::string name_of_others(const std::filesystem::path& path) {
    for (const char* name : {"results.json", "metrics.jsonl", "zero_shot.json", "log.txt"}) {
      if (std::filesystem::exists(std::filesystem::symlink_status(path / name))) return name;
    }
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(path, failure)) {
      const std::string name = entry.path().filename().string();
      if (detail::is_image_name(name)) return "the image '" + name + "'";
      if (entry.is_directory(failure) && !name.starts_with('.')) return "the folder '" + name + "'";
    }
    return {};
  }

  void write(const std::filesystem::path& file, const nlohmann::json& value) const {
    write_file_atomically(
        file, [&](std::ostream& out) { out << checked_json_text(value, 2) << "\n"; }, fence_);
  }

  void append(const char* name, const std::string& line) const {
    if (fence_) fence_();
    append_line(path_ / name, line);
  }

  /// `epochs: 2 there, 3 now` for each value that differs, and not for the whole objects around them.
  static std::string differences(const nlohmann::json& there, const nlohmann::json& now) {
    std::string text;
    const auto method_of = [](const nlohmann::json& config) {
      const auto found = config.is_object() ? config.find("method") : config.end();
      return found != config.end() && found->is_object() ? *found : nlohmann::json::object();
    };
    const nlohmann::json methods[2]{method_of(there), method_of(now)};
    collect_differences(nlohmann::json::json_pointer(), there, now, methods, text);
    return text;
  }

  /// Adds those of the setting at `path`. `methods`: the settings of the method on both sides.
  static void collect_differences(const nlohmann::json::json_pointer& path, const nlohmann::json& there,
                                  const nlohmann::json& now, const nlohmann::json (&methods)[2], std::string& text) {
    if (there == now) return;
    if (there.is_object() && now.is_object()) {
      nlohmann::json all = there;
      all.update(now);
      for (const auto& [key, unused] : all.items()) {
        collect_differences(path / key, there.value(key, nlohmann::json()), now.value(key, nlohmann::json()), methods,
                            text);
      }
      return;
    }
    const auto shown = [&path](const nlohmann::json& value, const nlohmann::json& method) {
      if (value.is_null()) return std::string("nothing");
      if (value.is_object()) return std::string("its fingerprint");  // of the files of a data set
      const std::string words = default_words(path.to_string(), value, method);
      return words.empty() ? json_text(value) : words;
    };
    const std::string name = path.empty() ? "settings" : path.back();
    text += text_of(text.empty() ? "" : ", ", name, ": ", shown(there, methods[0]), " there, ", shown(now, methods[1]),
                    " now");
  }

  std::filesystem::path path_;
  std::function<void()> fence_;
};

}  // namespace mao
