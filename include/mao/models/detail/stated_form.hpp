// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a CLIP that was saved whole says of its form, beside a configuration and the tensors.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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
inline ClipForm with_stated(ClipForm form, const StatedForm& stated) {
  for (const auto& [tower, said] : {std::pair{&form.vision, &stated.vision}, {&form.text, &stated.text}}) {
    detail::take(tower->heads, said->heads);
    detail::take(tower->activation, said->activation);
    detail::take(tower->epsilon, said->epsilon);
  }
  detail::take(form.image_pooling, stated.image_pooling);
  detail::take(form.norm_after_pooling, stated.norm_after_pooling);
  detail::take(form.causal, stated.causal);
  detail::take(form.ln_pre, stated.ln_pre);
  detail::take(form.text_projection, stated.text_projection);
  detail::take(form.text_pooling, stated.text_pooling);
  return form;
}

/// **Throws** `FormatError` where a configuration, the file `where`, says something else than the modules.
inline void expect_agreement(const StatedForm& stated, ClipForm form, const ClipArchitecture& sizes,
                             const std::string& source, const std::string& where) {
  form.vision.heads = form.vision.heads_in(sizes.vision_width);
  form.text.heads = form.text.heads_in(sizes.text_width);
  const ClipForm own = with_stated(form, stated);
  require<FormatError>(own == form, source, " was saved whole, and its modules say: image tower ",
                       describe_vision(own, sizes.vision_width), "; text tower ", describe_text(own, sizes.text_width),
                       "; but ", where, " says: image tower ", describe_vision(form, sizes.vision_width),
                       "; text tower ", describe_text(form, sizes.text_width),
                       "; expected the configuration of this model, or none");
}

/// **Throws** `FormatError` for modules whose sizes are not those of the tensors.
inline void expect_sizes(const StatedForm& stated, const ClipArchitecture& sizes, const std::string& source) {
  require<FormatError>(!stated.resolution || *stated.resolution == sizes.resolution, source,
                       ": its image tower says that it takes ", stated.resolution.value_or(0),
                       " px, its position embedding is of ", sizes.resolution);
  require<FormatError>(!stated.context || *stated.context == sizes.context, source,
                       ": its text tower says that it takes ", stated.context.value_or(0),
                       " tokens, its position embedding is of ", sizes.context);
}

}  // namespace mao
