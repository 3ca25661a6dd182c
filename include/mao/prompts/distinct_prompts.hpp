// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Checks that a model can distinguish classes by their prompts. The tokens count, not the spelling.

#include <cstdint>
#include <string>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>
#include <mao/models/concepts.hpp>
#include <mao/prompts/templates.hpp>

namespace mao {

/// **Throws** `DataError` that names `source` and two classes whose prompts have the same tokens, such as `red-dog` and
/// `red - dog` in CLIP, unless `classes.same_names` accepts it. `prompts` has the tokens of each class's prompt.
void expect_distinct_prompts(const ClassList& classes, const std::vector<std::vector<std::int64_t>>& prompts,
                             const std::string& source);

/// `check_class_names`, and the same check for the tokens of a model; `pattern` is the prompt around a name.
///
/// **Throws** `DataError` that names `source` and the classes: as `check_class_names` and `expect_distinct_prompts`,
/// and for a name without tokens.
template <VisionLanguageModel ModelT>
void check_class_prompts(const ModelT& model, const ClassList& classes, const std::string& source,
                         const std::string& pattern = "{}.") {
  check_class_names(classes, source);
  std::vector<std::vector<std::int64_t>> prompts;
  for (const std::string& name : classes.names) {
    require<DataError>(!model.tokenize(readable(name)).empty(), source, ": class ", prompts.size(), " is named '",
                       printable(name),
                       "', of which the model's tokenizer keeps nothing, so its prompt has no name; "
                       "rename it");
    prompts.push_back(model.tokenize(fill_template(pattern, name)));
  }
  expect_distinct_prompts(classes, prompts, source);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/distinct_prompts.ipp>
#endif
