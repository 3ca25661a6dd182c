// SPDX-License-Identifier: Apache-2.0
/// \file
/// The sentence encoder: embeddings, cosines and the nearest classes of whole class lists.

#include <algorithm>
#include <cmath>

#include <ATen/ops/from_blob.h>

#include <mao/prompts/templates.hpp>
#include <mao/sampling/similarity.hpp>
#include <mao/text/mini_lm.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using Names = std::vector<std::string>;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

mao::Tensor tensor_of(const Eigen::MatrixXf& matrix) {
  RowMajor rows = matrix;
  return at::from_blob(rows.data(), {rows.rows(), rows.cols()}, at::kFloat).clone();
}

/// The lists agree where the trace's own cosines tell the classes apart; closer ones may change places.
void compare_nearest(const std::string& quantity, const Eigen::MatrixXf& cosines, const nlohmann::json& lists,
                     const mao::Tensor& expected, Report& report) {
  constexpr float tie = 1e-6F;
  const auto wanted = lists.get<std::vector<std::vector<std::int64_t>>>();
  const mao::NearestClasses nearest(cosines, static_cast<std::int64_t>(wanted.front().size()));
  const auto* cosine = expected.const_data_ptr<float>();
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    const auto ours = nearest.of(static_cast<std::int64_t>(row));
    const auto* of_row = cosine + static_cast<std::int64_t>(row) * expected.size(1);
    const bool same =
        std::equal(ours.begin(), ours.end(), wanted[row].begin(), wanted[row].end(),
                   [&](std::int64_t a, std::int64_t b) { return a == b || std::abs(of_row[a] - of_row[b]) <= tie; });
    report.exact(quantity, same, "another list for class " + std::to_string(row));
  }
}

void compare_ids(const std::string& set, const Names& names, const nlohmann::json& expected, const mao::MiniLm& model,
                 Report& report) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool same = model.tokenizer().encode(names[i]) == expected.at(i).get<mao::WordPiece::Ids>();
    report.exact(set + ": word pieces", same, "differ for \"" + names[i] + "\"");
  }
}

/// One class list in the three spellings, and the released code's mixture of two of them.
void compare_set(const Trace& trace, const std::string& set, const mao::MiniLm& model, Report& report) {
  const auto given = trace.json(set + ".json");
  const auto file = set + ".safetensors";
  const auto tensors = trace.tensors(file);
  const auto raw = given.at("classnames_raw").get<Names>(), clean = given.at("classnames_clean").get<Names>();
  Names photo;
  for (const std::string& name : clean) photo.push_back(mao::fill_template("a photo of a {}.", name));
  const auto limit = absolute(2e-6);
  const auto compare_names = [&](const std::string& form, const Names& names) {
    report.compare(set + ": embed_" + form, model.encode(names), entry(tensors, "embed_" + form, file), limit);
    if (given.contains("wordpiece_ids_" + form))
      compare_ids(set, names, given.at("wordpiece_ids_" + form), model, report);
  };
  compare_names("raw", raw);
  compare_names("clean", clean);
  compare_names("photo", photo);
  const auto compare_cosines = [&](const std::string& key, const std::string& lists, const Names& queries,
                                   const Names& candidates) {
    const Eigen::MatrixXf cosines = model(queries, candidates);
    const mao::Tensor& expected = entry(tensors, key, file);
    report.compare(set + ": " + key, tensor_of(cosines), expected, limit);
    compare_nearest(set + ": " + lists, cosines, given.at(lists), expected, report);
  };
  compare_cosines("cos_clean", "top8_clean", clean, clean);
  compare_cosines("cos_photo", "top8_photo", photo, photo);
  compare_cosines("cos_mao_cleanquery_rawclass", "top8_mao", clean, raw);
}

}  // namespace

void replay_mini_lm(const Trace& trace, Report& report) {
  const auto model = mao::MiniLm::load(mao::find_mini_lm(trace.settings().mini_lm));
  std::vector<std::string> sets;
  for (const auto& file : std::filesystem::directory_iterator(trace.folder())) {
    if (file.path().extension() == ".safetensors") sets.push_back(file.path().stem().string());
  }
  std::sort(sets.begin(), sets.end());
  const auto total = static_cast<std::int64_t>(sets.size());
  const auto& progress = trace.settings().progress;
  for (std::int64_t done = 0; done < total; ++done) {
    if (progress) progress(done, total);
    compare_set(trace, sets[static_cast<std::size_t>(done)], model, report);
  }
}

}  // namespace mao_program::replay
