// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whether a known data set is complete: its folders, lists, counts and images.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mao/core/error.hpp>
#include "datasets/check_files.hpp"
#include "datasets/duplicate_files.hpp"
#include <mao/data/named.hpp>
#include <mao/data/registry.hpp>
#include <mao/data/unread_files.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace mao {

/// What was found of one data set.
struct DatasetReport {
  const NamedDataset* known = nullptr;
  std::filesystem::path folder;  ///< where it has to be
  std::filesystem::path root;    ///< where its images are; empty when its lists could not be read
  bool found = false;            ///< the folder is there
  DatasetCounts counts;          ///< as its lists say
  FileReport files;
  std::vector<std::string> faults;                ///< of lists, counts and folders, each with what to do
  std::vector<std::string> advice;                ///< what to do about the files
  UnreadFiles unread = {};                        ///< of a folder of images: what else is in it
  std::vector<DuplicatePicture> duplicates = {};  ///< no fault: published data sets have them
  std::vector<ListedPicture> repeated = {};       ///< rows that list a picture again in their split
  std::string note_on_names = {};                 ///< of names that a prompt cannot use
  std::vector<std::string> unlisted = {};         ///< of a list: images beside the listed ones that no row has

  /// There, and nothing is wrong with it.
  [[nodiscard]] bool whole() const { return found && faults.empty() && files.problems.empty(); }
};

namespace detail {

inline std::int64_t count_below(const std::vector<Item>& items, std::int64_t label) {
  return std::ranges::count_if(items, [&](const Item& item) { return item.label < label; });
}

inline DatasetCounts counts_of(const Dataset& dataset) {
  DatasetCounts counts;
  counts.classes = dataset.classes.size();
  counts.train = static_cast<std::int64_t>(dataset.train.size());
  counts.val = static_cast<std::int64_t>(dataset.val.size());
  counts.test = static_cast<std::int64_t>(dataset.test.size());
  counts.base_test = count_below(dataset.test, counts.base_classes());
  counts.new_test = counts.test - counts.base_test;
  return counts;
}

/// One line for each half of the classes that is missing or has no test images, which `mao tune` refuses.
inline std::vector<std::string> untested_halves(const DatasetCounts& counts) {
  if (counts.classes == 1) return {"there is only one class; add images of others"};
  std::vector<std::string> faults;
  const auto look = [&](const char* half, std::int64_t classes, std::int64_t images) {
    if (classes == 0 || images > 0) return;
    faults.push_back(text_of("there are no test images of the ", half, " classes (", classes, " of ", counts.classes,
                             "); add some, or train and test on all classes with --class-split all"));
  };
  look("base", counts.base_classes(), counts.base_test);
  look("new", counts.new_classes(), counts.new_test);
  return faults;
}

/// Names the first class with another number of test images than the rest, where the images themselves are the list.
inline std::optional<std::string> odd_class(const Dataset& dataset, std::int64_t expected) {
  if (expected == 0) return std::nullopt;
  std::vector<std::int64_t> counts(dataset.classes.names.size());
  std::vector<std::string> example(counts.size());
  for (const Item& item : dataset.test) {
    ++counts[static_cast<std::size_t>(item.label)];
    example[static_cast<std::size_t>(item.label)] = item.path;
  }
  for (std::size_t label = 0; label < counts.size(); ++label) {
    if (counts[label] == expected) continue;
    return text_of((dataset.root / example[label]).parent_path().string(), " has ", counts[label], " images, expected ",
                   expected, "; unpack the images of this class again");
  }
  return std::nullopt;
}

/// One line for each number that is not the published one.
inline std::vector<std::string> count_faults(const NamedDataset& known, const DatasetCounts& counts) {
  std::vector<std::string> faults;
  const bool listed = known.layout == DatasetLayout::split_json || known.layout == DatasetLayout::aircraft;
  const auto compare = [&](const char* what, std::int64_t found, std::int64_t expected) {
    if (found == expected) return;
    const std::string remedy =
        listed ? text_of("use the published ", known.split, ", otherwise results cannot be compared")
               : "unpack the images again";
    faults.push_back(text_of(found, " ", what, ", expected ", expected, "; ", remedy));
  };
  compare("classes", counts.classes, known.counts.classes);
  compare("training images", counts.train, known.counts.train);
  compare("validation images", counts.val, known.counts.val);
  compare("test images", counts.test, known.counts.test);
  if (faults.empty() && known.counts.base_test > 0) {
    compare("test images of base classes", counts.base_test, known.counts.base_test);
  }
  return faults;
}

inline std::size_t count_of(const FileReport& files, FileProblemKind kind) {
  return static_cast<std::size_t>(std::ranges::count(files.problems, kind, &FileProblem::kind));
}

/// What to do about missing, renamed and damaged files.
inline std::vector<std::string> advice_for(const FileReport& files, const std::filesystem::path& root) {
  std::vector<std::string> advice;
  const std::size_t missing = count_of(files, FileProblemKind::missing);
  if (missing > 0) {
    advice.push_back(text_of("copy the missing files into ", root.string(), ", or unpack the archive there again"));
  }
  const auto of_val = std::ranges::count_if(files.problems, [](const FileProblem& problem) {
    return problem.kind == FileProblemKind::missing && problem.split == "val";
  });
  if (missing > 0 && static_cast<std::size_t>(of_val) == missing) {
    advice.emplace_back("only validation images are missing: neither training nor testing needs them");
  }
  if (count_of(files, FileProblemKind::renamed) > 0) {
    advice.emplace_back(
        "if a guess is right, rename that file to the name in the list; otherwise restore the image, or remove its "
        "row");
  }
  if (count_of(files, FileProblemKind::damaged) > 0) advice.emplace_back("copy or download the damaged files again");
  return advice;
}

}  // namespace detail

/// Checks the data set below `root`: its folder, its list, the counts against the published ones, and each listed
/// image. A data set that is not there is a report with `found` false, not an error.
inline DatasetReport check_named(const NamedDataset& known, const std::filesystem::path& root,
                                 const FileCheckOptions& options = {}) {
  DatasetReport report;
  report.known = &known;
  report.folder = root / known.folder;
  std::error_code no_such_name;
  report.found = std::filesystem::is_directory(report.folder, no_such_name);
  if (!report.found) return report;
  Dataset dataset;
  try {
    dataset = read_named(known, root);
  } catch (const Error& error) {
    report.faults.emplace_back(error.what());
    return report;
  }
  report.root = dataset.root;
  report.counts = detail::counts_of(dataset);
  report.faults = detail::count_faults(known, report.counts);
  if (auto odd = detail::odd_class(dataset, known.counts.test_per_class)) report.faults.push_back(std::move(*odd));
  if (!std::filesystem::is_directory(dataset.root)) {
    report.faults.push_back(text_of("there is no folder ", dataset.root.string(), "; unpack the images there"));
    return report;
  }
  report.files = check_files(dataset, options);
  report.advice = detail::advice_for(report.files, dataset.root);
  report.duplicates = duplicate_pictures(dataset, options.threads);
  report.repeated = repeated_pictures(dataset);
  return report;
}

}  // namespace mao
