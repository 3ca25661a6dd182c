// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <ostream>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/io/detail/zip_writer.hpp>
#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/text/detail/unicode.hpp>

#include "data/feature_file.hpp"
#include "output_file.hpp"
#include "report/text_table.hpp"

#include <nlohmann/json.hpp>

namespace mao_program {

namespace {

namespace fs = std::filesystem;
using namespace mao;

std::vector<std::string> utf8_of(const std::vector<std::string>& texts) {
  std::vector<std::string> result;
  for (const std::string& text : texts) result.push_back(escaped(text));
  return result;
}

void write_as_safetensors(const fs::path& out, const FeatureTable& table) {
  TensorMap tensors;
  auto metadata = table.about;
  if (table.image_features.defined()) {
    tensors["image_features"] = table.image_features;
    metadata["images"] = nlohmann::json(utf8_of(table.images)).dump();
    nlohmann::json damaged = nlohmann::json::array();
    for (const DamagedImage& image : table.damaged) {
      damaged.push_back({{"path", escaped(image.name)}, {"reason", escaped(image.reason)}});
    }
    metadata["damaged"] = damaged.dump();
  }
  if (table.text_features.defined()) {
    tensors["text_features"] = table.text_features;
    metadata["texts"] = nlohmann::json(utf8_of(table.texts)).dump();
  }
  write_safetensors(out, tensors, metadata);
}

/// A NumPy array of version 1.0 (numpy.lib.format): magic, length of the header, header, then the elements.
std::string numpy_array(const std::string& type, const std::string& shape, std::string_view content) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  constexpr std::size_t magic = 10, alignment = 64;
  header.resize((magic + header.size() + 1 + alignment - 1) / alignment * alignment - magic - 1, ' ');
  header += '\n';
  const std::string length{static_cast<char>(header.size() & 255U), static_cast<char>(header.size() >> 8U)};
  return "\x93NUMPY" + std::string("\x01\x00", 2) + length + header + std::string(content);
}

std::string numpy_array(const Tensor& rows) {
  const Tensor values = rows.contiguous();
  return numpy_array("<f4", text_of("(", values.size(0), ", ", values.size(1), ")"),
                     {static_cast<const char*>(values.const_data_ptr()), values.nbytes()});
}

/// Texts as NumPy's fixed-width unicode: four bytes a character, filled up with zeros, read without pickle.
std::string numpy_array(const std::vector<std::string>& texts) {
  std::vector<std::u32string> points;
  std::size_t longest = 1;
  for (const std::string& text : texts) {
    points.push_back(decode_utf8(escaped(text)));
    longest = std::max(longest, points.back().size());
  }
  std::u32string content;
  for (std::u32string& text : points) {
    text.resize(longest, U'\0');
    content += text;
  }
  return numpy_array(text_of("<U", longest), text_of("(", texts.size(), ",)"),
                     {reinterpret_cast<const char*>(content.data()), content.size() * sizeof(char32_t)});
}

void write_as_npz(std::ostream& stream, const FeatureTable& table, const std::string& name) {
  ZipWriter zip(stream, name);
  const auto add = [&zip](const std::string& key, const std::string& array) { zip.add(key + ".npy", array, 64); };
  if (table.image_features.defined()) {
    std::vector<std::string> damaged;
    for (const DamagedImage& image : table.damaged) damaged.push_back(image.name);
    add("image_features", numpy_array(table.image_features));
    add("images", numpy_array(table.images));
    add("damaged", numpy_array(damaged));
  }
  if (table.text_features.defined()) {
    add("text_features", numpy_array(table.text_features));
    add("texts", numpy_array(table.texts));
  }
  for (const auto& [key, value] : table.about) add(key, numpy_array(std::vector<std::string>{value}));
  zip.finish();
}

/// One row each: image or text, its path or itself, and the features in as many digits as fp32 needs to be read back.
void write_csv_rows(std::ostream& stream, const char* kind, const std::vector<std::string>& names, const Tensor& rows,
                    CsvCells cells) {
  const Tensor values = rows.contiguous();
  const auto* value = values.const_data_ptr<float>();
  for (const std::string& name : names) {
    stream << kind << ',' << mao::detail::csv_cell(escaped(name), cells);
    for (std::int64_t i = 0; i < values.size(1); ++i) {
      std::array<char, 32> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *value++).ptr;
      stream.put(',').write(digits.data(), end - digits.data());
    }
    stream << '\n';
  }
}

void write_as_csv(std::ostream& stream, const FeatureTable& table, CsvCells cells) {
  const Tensor& any = table.image_features.defined() ? table.image_features : table.text_features;
  stream << "kind,name";
  for (std::int64_t i = 0; i < any.size(1); ++i) stream << ',' << i;
  stream << '\n';
  if (table.image_features.defined()) write_csv_rows(stream, "image", table.images, table.image_features, cells);
  if (table.text_features.defined()) write_csv_rows(stream, "text", table.texts, table.text_features, cells);
}

}  // namespace

void check_feature_file(const fs::path& out) {
  const std::string suffix = out.extension().string();
  require<OptionError>(suffix == ".safetensors" || suffix == ".npz" || suffix == ".csv", "--out ", out.string(),
                       ": the name says the format; expected one that ends in .safetensors, .npz or .csv");
  const fs::path folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  require<FileError>(fs::is_directory(folder), "--out ", out.string(), ": there is no folder ", folder.string(),
                     "; make it first");
  require<FileError>(!fs::is_directory(out), "--out ", out.string(), " is a folder; expected the name of a file");
}

bool is_feature_file(const fs::path& file) {
  const std::string suffix = file.extension().string();
  if (suffix == ".safetensors") return has_format(file, "mao-features");
  const std::string start = beginning_of(file, 64);
  if (suffix == ".csv") return start.starts_with("kind,name,0");
  const bool has_features =
      start.find("image_features.npy") != std::string::npos || start.find("text_features.npy") != std::string::npos;
  return start.starts_with("PK") && has_features;
}

void write_features(const fs::path& out, const FeatureTable& table, CsvCells cells) {
  check_feature_file(out);
  const std::string suffix = out.extension().string();
  if (suffix == ".safetensors") return write_as_safetensors(out, table);
  write_file_atomically(out, [&](std::ostream& stream) {
    suffix == ".npz" ? write_as_npz(stream, table, out.string()) : write_as_csv(stream, table, cells);
  });
}

}  // namespace mao_program
