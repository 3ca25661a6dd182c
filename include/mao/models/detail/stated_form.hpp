// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a CLIP that was saved whole says of its form, beside a configuration and the tensors.

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/models/architecture.hpp>

namespace mao {

/// Of one tower; nothing where the file does not say it.
struct StatedTower {
  std::optional<std::int64_t> heads{};
  std::optional<Activation> activation{};
  std::optional<double> epsilon{};
};

/// Of both towers.
struct StatedForm {
  StatedTower vision{}, text{};
  std::optional<ImagePooling> image_pooling{};
  std::optional<bool> norm_after_pooling{}, causal{}, ln_pre{}, text_projection{};
  std::optional<TextPooling> text_pooling{};
  std::optional<std::int64_t> resolution{}, context{};
  std::string window{};     ///< of the convolution that cuts patches (`window_of`); empty where nothing says it
  nlohmann::json pixels{};  ///< open_clip's `preprocess_cfg`; null where there is none
  std::string doubt{};      ///< why the code alone cannot be trusted to be that of a CLIP; a configuration decides then
};

namespace detail {

template <class Value>
void take(Value& into, const std::optional<Value>& stated) {
  if (stated) into = *stated;
}

}  // namespace detail

/// The form with everything that is stated.
ClipForm with_stated(ClipForm form, const StatedForm& stated);

/// **Throws** `FormatError` where a configuration, the file `where`, says something else than the modules.
void expect_agreement(const StatedForm& stated, ClipForm form, const ClipArchitecture& sizes, const std::string& source,
                      const std::string& where);

/// **Throws** `FormatError` for modules whose sizes are not those of the tensors.
void expect_sizes(const StatedForm& stated, const ClipArchitecture& sizes, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/stated_form.ipp>
#endif
