// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The file that `mao encode` writes.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <mao/core/tensor.hpp>

#include "data/readable_images.hpp"
#include "report/text_table.hpp"

namespace mao_program {

/// Features and what their rows are of. **Shapes** image_features [N, D] and text_features [T, D], fp32 on the CPU;
/// each undefined when there are none.
struct FeatureTable {
  mao::Tensor image_features, text_features;
  std::vector<std::string> images;           ///< [N]
  std::vector<std::string> texts;            ///< [T]
  std::vector<DamagedImage> damaged;         ///< pictures that have no row
  std::map<std::string, std::string> about;  ///< what they were computed with
};

/// **Throws** `OptionError` unless the name ends in .safetensors, .npz or .csv, `FileError` when its folder is missing
/// or the path is a folder. Costs nothing, so that it can be asked before the work.
void check_feature_file(const std::filesystem::path& out);

/// Whether the file begins as one that `write_features` writes under such a name.
bool is_feature_file(const std::filesystem::path& file);

/// Writes the table in the format of the name, whole or not at all.
void write_features(const std::filesystem::path& out, const FeatureTable& table,
                    mao::CsvCells cells = mao::CsvCells::Guarded);

}  // namespace mao_program
