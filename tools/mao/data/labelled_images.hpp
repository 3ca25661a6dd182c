// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Labelled images of a data set, a half or a split of it, whether they are files or rendered.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/data/dataset.hpp>
#include <mao/models/image_sources.hpp>

#include <nlohmann/json.hpp>

#include "data/half.hpp"
#include "models/models.hpp"
#include "runs/data_fingerprint.hpp"
#include "tune/settings.hpp"

namespace mao_program {

/// A source and the label of each image in it.
struct LabelledImages {
  std::unique_ptr<ImageSource> source;
  std::vector<std::int64_t> labels;
  ClassList classes;
  std::filesystem::path root = {};      ///< folder of the files
  std::vector<std::string> files = {};  ///< relative to it, one for each image; none when the images are rendered
  std::vector<std::string> notes = {};  ///< what a user should know of these images, for a test of prompts
};

/// True for sketch, shifted and disjoint.
bool is_rendered(const std::string& data);

/// The data set at the path `data`. `classnames`: the file of that option; empty: none. **Throws** as `open_dataset`,
/// and says which name in that file may be misspelt.
Dataset open_own_data(const std::string& data, const std::string& classnames);

/// The data set that `--data` and `--classnames` name.
Dataset open_files(const DataSettings& settings);

/// What the numbers of a run depend on besides its settings: for `--data` and each target the parts of
/// `DataFingerprint`, and the contents of files that settings name. Null when there is nothing of the kind. **Throws**
/// as `open_files`.
nlohmann::json fingerprint_of_files(const RunSettings& settings);

/// `the training labels of pictures.csv`: what differs between two of them.
std::string changed_files(const nlohmann::json& before, const nlohmann::json& now);

/// Images to test on.
struct ImagesWanted {
  std::string split = "test";  ///< train, val or test
  Half half = Half::All;
  std::vector<std::string> base{};   ///< the base classes, wherever the data lists them; empty, or where the prompts
                                     ///< know no class of the data: the first half of its classes
  std::vector<std::string> tuned{};  ///< the classes that the prompts were tuned for last
};

/// **Throws** `FileError`, `DataError` naming what is empty.
LabelledImages open_images(const OpenedModel& opened, const DataSettings& settings, const ImagesWanted& wanted,
                           int threads);

/// The same of files that were opened already.
LabelledImages images_in(const OpenedModel& opened, const Dataset& files, const DataSettings& settings,
                         const ImagesWanted& wanted, int threads);

/// What differs between the class names and the images of `dataset` now and in `files`, from `fingerprint_of_files`,
/// as a part of a message; empty where nothing does, or `files` has nothing of this data.
std::string changed_since(const nlohmann::json& files, const std::string& data, const Dataset& dataset,
                          FingerprintOf images);

/// Items of a data set as pixels; errors name them by `data`, as the user named the data set, and `what`.
LabelledImages file_images(const Dataset& half, const std::vector<Item>& items, const LoaderOptions& loader,
                           const std::string& data, const std::string& what);

/// A rendered half, or all of it, as pixels; `shots` images per class, 0: as many as there are. The images
/// depend on `draw`.
LabelledImages rendered_half(const std::string& task, Half half, bool train, const Preprocess& preprocess, int shots,
                             std::uint64_t draw = 0);

/// The data set with these classes alone. **Throws** `DataError`, in which `data` names it, if there is one class.
Dataset half_of(const Dataset& dataset, Half half, const std::string& data);

}  // namespace mao_program
