// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Similarities between names, from a file that was computed elsewhere.

#include <filesystem>
#include <mao/sampling/concepts.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace mao {

/// A table of cosines between names, read from a file.
///
/// JSON: `{"names": ["cat", ...], "similarity": [[1.0, ...], ...]}`. CSV (any other extension): a header line
/// `name,cat,...`, then one line per name, `cat,1.0,...`, in the same order; fields with commas are in double quotes.
/// Row: query, column: candidate. Names are compared with underscores as spaces.
class FileSimilarity {
 public:
  /// **Throws** `FileError` if the file cannot be read, `FormatError` if it is not such a table.
  explicit FileSimilarity(std::filesystem::path path);

  /// Cosines [Q, C]. **Throws** `DataError` for a name that the file does not have.
  [[nodiscard]] Eigen::MatrixXf operator()(const std::vector<std::string>& queries,
                                           const std::vector<std::string>& candidates) const {
    return table_(positions(queries), positions(candidates));
  }

 private:
  std::vector<std::string> read_json(const std::string& text);

  std::vector<std::string> read_csv(const std::vector<std::string>& lines);

  /// The fields of a CSV line, without quotes.
  [[nodiscard]] static std::vector<std::string> fields(const std::string& line);

  [[nodiscard]] float number(const std::string& field, std::size_t line) const;

  void fill(const std::vector<std::string>& names, const std::vector<std::vector<float>>& rows);

  [[nodiscard]] std::vector<Eigen::Index> positions(const std::vector<std::string>& names) const;

  std::filesystem::path path_;
  Eigen::MatrixXf table_;  // [N, N]
  std::unordered_map<std::string, Eigen::Index> positions_;
};
static_assert(TextSimilarity<FileSimilarity>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/sampling/impl/file_similarity.ipp>
#endif
