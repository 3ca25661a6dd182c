// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Several sentences about each class, by a language model or by hand, and their text features.

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>

#include <mao/core/class_list.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/templates.hpp>

namespace mao {

/// The sentences about a class. Every class must have the same number.
using Descriptions = std::function<std::vector<std::string>(const std::string& class_name)>;

/// The templates with the name of the class, for classes without descriptions.
Descriptions descriptions_of_templates(std::vector<std::string> templates);

/// A table by class name, unchanged or with spaces instead of underscores.
///
/// The function **throws** `DataError` naming a class that is not in the table.
Descriptions descriptions_of_table(std::map<std::string, std::vector<std::string>> table);

/// A table from a JSON object: class name to a list of sentences (CoPrompt's files).
///
/// **Throws** `FileError` if it cannot be read, `FormatError` if it has another format.
Descriptions descriptions_of_file(const std::filesystem::path& path);

/// Features of every description, from the frozen model. **Shape** [N, C, D], unit rows: N descriptions of each class.
///
/// **Throws** `DataError` naming two classes with different numbers of descriptions, or one without any.
template <VisionLanguageModel ModelT>
Tensor description_features(const ModelT& model, const ClassList& classes, const Descriptions& descriptions) {
  const at::NoGradGuard frozen;
  std::vector<Tensor> rows;
  std::int64_t count = 0;
  for (const std::string& name : classes.names) {
    const std::vector<std::string> sentences = descriptions(name);
    const auto own = static_cast<std::int64_t>(sentences.size());
    require<DataError>(own > 0, "class \"", name, "\" has no description; give it at least one");
    if (rows.empty()) count = own;
    require<DataError>(own == count, "class \"", name, "\" has ", own, " descriptions, class \"", classes.names.front(),
                       "\" has ", count, "; every class needs the same number, because one is drawn for all of them");
    const Tensor features = sentence_features(model, sentences);
    rows.push_back(features / features.norm(2, -1, true));
  }
  require<DataError>(!rows.empty(), "descriptions: the class list is empty");
  return at::stack(rows, 1);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/descriptions.ipp>
#endif
