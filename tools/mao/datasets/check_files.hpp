// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which images of a data set are missing, renamed or damaged.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <mao/data/dataset.hpp>
#include "datasets/image_damage.hpp"
#include "runs/on_threads.hpp"
#include "datasets/renamed_files.hpp"
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mao {

/// How files are checked.
struct FileCheckOptions {
  ImageCheck check = ImageCheck::ends;
  int threads = 0;                                                         ///< 0: one per CPU
  std::function<void(std::size_t done, std::size_t total)> progress = {};  ///< called from one thread at a time
};

enum class FileProblemKind { missing, renamed, damaged };

/// One listed file that cannot be used.
struct FileProblem {
  FileProblemKind kind = FileProblemKind::missing;
  std::string split;   ///< the first split that lists it
  std::string path;    ///< relative to the data set's root
  std::string detail;  ///< renamed: the path that is there instead; damaged: what is wrong

  friend bool operator==(const FileProblem&, const FileProblem&) = default;
};

/// How many images a split lists, and how many of them are there.
struct SplitPresence {
  std::string split;
  std::size_t listed = 0;
  std::size_t present = 0;

  friend bool operator==(const SplitPresence&, const SplitPresence&) = default;
};

/// What was found; `problems` in the order of the lists.
struct FileReport {
  std::vector<SplitPresence> splits;
  std::vector<FileProblem> problems;
};

namespace detail {

/// A path that is listed, by which split first, and what became of it.
struct ListedFile {
  std::string path;
  std::string split;
  bool present = false;
  std::string damage = {};
};

/// Every path once, though two splits list it (val and test of ImageNet).
class ListedFiles {
 public:
  explicit ListedFiles(const Dataset& dataset) : root_(dataset.root) {
    for (const auto& [split, items] :
         {std::pair{"train", &dataset.train}, {"val", &dataset.val}, {"test", &dataset.test}}) {
      for (const Item& item : *items) {
        const auto [place, is_new] = position_.try_emplace(item.path, files_.size());
        if (is_new) files_.push_back({item.path, split});
        lists_[split].push_back(place->second);
      }
    }
  }

  void look(const FileCheckOptions& options) {
    const auto cpus = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    std::size_t done = 0;
    std::mutex mutex;
    on_threads(files_.size(), options.threads > 0 ? options.threads : cpus, [&](std::size_t i) {
      ListedFile& file = files_[i];
      std::error_code ignored;
      file.present = std::filesystem::is_regular_file(root_ / file.path, ignored);
      if (file.present) file.damage = image_damage(root_ / file.path, options.check);
      if (!options.progress) return;
      const std::lock_guard lock(mutex);
      options.progress(++done, files_.size());
    });
  }

  [[nodiscard]] FileReport report() const {
    FileReport result;
    for (const char* split : {"train", "val", "test"}) {
      const auto list = lists_.find(split);
      if (list == lists_.end()) continue;
      const auto present = std::ranges::count_if(list->second, [&](std::size_t i) { return files_[i].present; });
      result.splits.push_back({split, list->second.size(), static_cast<std::size_t>(present)});
    }
    std::set<std::string> absent;  // splits of which nothing is there: nobody renames every image
    for (const SplitPresence& split : result.splits) {
      if (split.present == 0) absent.insert(split.split);
    }
    const auto renamed = renames(absent);
    for (const ListedFile& file : files_) {
      const auto found = renamed.find(file.path);
      if (found != renamed.end()) {
        result.problems.push_back({FileProblemKind::renamed, file.split, file.path, found->second});
      } else if (!file.present) {
        result.problems.push_back({FileProblemKind::missing, file.split, file.path, {}});
      } else if (!file.damage.empty()) {
        result.problems.push_back({FileProblemKind::damaged, file.split, file.path, file.damage});
      }
    }
    return result;
  }

 private:
  [[nodiscard]] std::map<std::string, std::string> renames(const std::set<std::string>& absent) const {
    std::vector<std::string> missing;
    for (const ListedFile& file : files_) {
      if (!file.present && !absent.contains(file.split)) missing.push_back(file.path);
    }
    if (missing.empty()) return {};
    std::set<std::string> listed;
    for (const ListedFile& file : files_) listed.insert(file.path);
    return renamed_files(root_, missing, listed);
  }

  std::filesystem::path root_;
  std::vector<ListedFile> files_;
  std::unordered_map<std::string, std::size_t> position_;
  std::unordered_map<std::string, std::vector<std::size_t>> lists_;
};

}  // namespace detail

/// Checks every file that the data set lists. Unlisted files are not a problem, unless a listed file is missing in the
/// same folder: then it may have been renamed.
inline FileReport check_files(const Dataset& dataset, const FileCheckOptions& options = {}) {
  detail::ListedFiles files(dataset);
  files.look(options);
  return files.report();
}

}  // namespace mao
