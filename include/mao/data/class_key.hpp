// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which class names a text tower cannot distinguish.

#include <string>
#include <string_view>

#include <mao/core/class_list.hpp>

namespace mao {

/// A class name as the tokenizers of CLIP and BERT see it: underscores and white space as single spaces, none at the
/// ends, lower case, normal form C. `red_thing` and `Red  thing` have the key `red thing`. A name that is not UTF-8 is
/// its own key.
std::string prompt_key(std::string_view name);

/// **Throws** `DataError` that names `source` and the positions of a class name that is empty in a prompt or is not
/// UTF-8, or of two names that are the same in a prompt, unless `classes.same_names` accepts that.
void check_class_names(const ClassList& classes, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/class_key.ipp>
#endif
