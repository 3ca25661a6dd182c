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
#include "tune/settings.hpp"

namespace mao_program {

/// A source and the label of each image in it.
struct LabelledImages {
  std::unique_ptr<ImageSource> source;
  std::vector<std::int64_t> labels;
  ClassList classes;
  std::filesystem::path root = {};      ///< folder of the files
  std::vector<std::string> files = {};  ///< relative to it, one for each image; none when the images are rendered
};

/// True for sketch, shifted and disjoint.
bool is_rendered(const std::string& data);

/// The data set that `--data` and `--classnames` name.
Dataset open_files(const DataSettings& settings);

/// What the numbers of a run depend on besides its settings: for `--data` and each target the parts of
/// `DataFingerprint`, and the contents of files that settings name. Null when there is nothing of the kind. **Throws**
/// as `open_files`.
nlohmann::json fingerprint_of_files(const RunSettings& settings);

/// `the training labels of pictures.csv`: what differs between two of them.
std::string changed_files(const nlohmann::json& before, const nlohmann::json& now);

/// `split`: train, val, test.
///
/// **Throws** `FileError`, `DataError` naming what is empty.
LabelledImages open_images(const OpenedModel& opened, const DataSettings& settings, const std::string& split, Half half,
                           int threads);

/// Items of a data set as pixels; `what` names them in errors.
LabelledImages file_images(const Dataset& half, const std::vector<Item>& items, const LoaderOptions& loader,
                           const std::string& what);

/// A rendered half, or all of it, as pixels; `shots` images per class, 0: as many as there are. The images
/// depend on `draw`.
LabelledImages rendered_half(const std::string& task, Half half, bool train, const Preprocess& preprocess, int shots,
                             std::uint64_t draw = 0);

/// The data set with these classes alone.
Dataset half_of(const Dataset& dataset, Half half);

}  // namespace mao_program
