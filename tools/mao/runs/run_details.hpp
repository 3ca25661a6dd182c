// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The larger files of a run's seeds: what was taken for what, and pictures of mini-batches.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>
#include <mao/io/json_text.hpp>

#include "runs/json_checksum.hpp"

namespace mao {

/// How often images of one class were taken for another, or for their own.
struct ConfusionCount {
  std::size_t truth = 0, predicted = 0;
  std::int64_t count = 0;
};

/// The confusion of one half; counts that are 0 are left out.
struct HalfConfusion {
  std::vector<std::string> classes;
  std::vector<ConfusionCount> counts;
};

/// seedN/confusion.json.
struct SeedConfusion {
  HalfConfusion base, fresh;
};

/// An image of a mini-batch.
struct BatchImage {
  std::size_t class_index = 0;
  std::vector<double> features;
  std::string thumbnail;  ///< data: URI, or empty
};

/// A mini-batch as the model sees it: unit features of its images and of its classes' prompts.
struct BatchPicture {
  std::vector<std::string> classes;
  std::vector<std::vector<double>> text;  ///< one row a class
  std::vector<BatchImage> images;
};

/// seedN/batches.json.
struct BatchPictures {
  BatchPicture hard, shuffled;
};

namespace detail {

inline HalfConfusion half_confusion(const nlohmann::json& half) {
  HalfConfusion result;
  result.classes = half.at("classes").get<std::vector<std::string>>();
  for (const auto& pair : half.at("pairs")) {
    result.counts.push_back(
        {pair.at(0).get<std::size_t>(), pair.at(1).get<std::size_t>(), pair.at(2).get<std::int64_t>()});
    const ConfusionCount& count = result.counts.back();
    require<FormatError>(count.truth < result.classes.size() && count.predicted < result.classes.size(),
                         "a pair of classes ", count.truth, ", ", count.predicted, ", expected below ",
                         result.classes.size());
  }
  return result;
}

/// Whether a page may show this: a picture that holds its own bytes, and nothing else in the string.
inline bool is_picture_uri(const std::string& uri) {
  const std::size_t comma = uri.find(";base64,");
  return uri.rfind("data:image/", 0) == 0 && comma != std::string::npos && comma < 24 &&
         uri.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", comma + 8) ==
             std::string::npos;
}

inline BatchPicture batch_picture(const nlohmann::json& batch) {
  BatchPicture result;
  result.classes = batch.at("classes").get<std::vector<std::string>>();
  result.text = batch.at("text").get<std::vector<std::vector<double>>>();
  require<FormatError>(result.text.size() == result.classes.size(), result.text.size(), " text features for ",
                       result.classes.size(), " classes");
  const std::size_t width = result.text.empty() ? 0 : result.text.front().size();
  for (const auto& row : result.text) require<FormatError>(row.size() == width, "text features of different lengths");
  for (const auto& image : batch.at("images")) {
    BatchImage entry{image.at("class").get<std::size_t>(), image.at("features").get<std::vector<double>>(),
                     image.value("thumbnail", std::string())};
    require<FormatError>(entry.class_index < result.classes.size() && entry.features.size() == width,
                         "an image of class ", entry.class_index, " with ", entry.features.size(),
                         " features, expected one of ", result.classes.size(), " classes and ", width, " features");
    if (!is_picture_uri(entry.thumbnail)) entry.thumbnail.clear();
    result.images.push_back(std::move(entry));
  }
  return result;
}

/// What `read` makes of a JSON file; nothing when it is not there.
template <class Result, class Read>
std::optional<Result> read_details(const std::filesystem::path& file, const Read& read) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    auto content = parse_json(read_text_file(file), "the content", "what mao writes there");
    expect_unchanged(content, "the content", "remove the file, restore it from a copy");
    return read(content);
  } catch (const nlohmann::json::exception&) {
    throw FormatError(text_of(file.string(),
                              " is damaged, or not a file that mao wrote: a part of it is missing or of "
                              "another kind; remove it or restore it from a copy"));
  } catch (const FormatError& error) {
    throw FormatError(text_of(file.string(), ": ", error.what()));
  }
}

}  // namespace detail

/// Reads confusion.json of a seed's folder; nothing when it is not there. **Throws** `FormatError` naming the file.
inline std::optional<SeedConfusion> read_confusion(const std::filesystem::path& seed_folder) {
  return detail::read_details<SeedConfusion>(seed_folder / "confusion.json", [](const nlohmann::json& file) {
    SeedConfusion result;
    if (file.contains("base") && file.at("base").is_object()) result.base = detail::half_confusion(file.at("base"));
    if (file.contains("new") && file.at("new").is_object()) result.fresh = detail::half_confusion(file.at("new"));
    return result;
  });
}

/// Reads batches.json of a seed's folder; nothing when it is not there. **Throws** `FormatError` naming the file.
inline std::optional<BatchPictures> read_batches(const std::filesystem::path& seed_folder) {
  return detail::read_details<BatchPictures>(seed_folder / "batches.json", [](const nlohmann::json& file) {
    return BatchPictures{detail::batch_picture(file.at("hard")), detail::batch_picture(file.at("shuffled"))};
  });
}

}  // namespace mao
