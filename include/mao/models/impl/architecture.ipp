// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/architecture.hpp>

#include <array>
#include <cmath>
#include <set>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/models/detail/bert_tensors.hpp>
#include <mao/models/detail/resnet_shapes.hpp>
#include <mao/models/detail/timm_tensors.hpp>

namespace mao::detail {

MAO_INLINE std::int64_t count_blocks(const TensorMap& weights, std::string_view prefix) {
  std::set<std::string> found;
  for (const auto& [name, value] : weights) {
    if (name.starts_with(prefix)) {
      found.insert(name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size()));
    }
  }
  return static_cast<std::int64_t>(found.size());
}

MAO_INLINE void add_block_shapes(const std::string& prefix, std::int64_t layers, std::int64_t width, std::int64_t mlp,
                                 bool layer_scale, ShapeTable& table) {
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string block = prefix + std::to_string(i) + ".";
    for (const char* name :
         {"ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias", "attn.out_proj.bias", "mlp.c_proj.bias"}) {
      table.push_back({block + name, {width}});
    }
    table.push_back({block + "attn.in_proj_weight", {3 * width, width}});
    table.push_back({block + "attn.in_proj_bias", {3 * width}});
    table.push_back({block + "attn.out_proj.weight", {width, width}});
    table.push_back({block + "mlp.c_fc.weight", {mlp, width}});
    table.push_back({block + "mlp.c_fc.bias", {mlp}});
    table.push_back({block + "mlp.c_proj.weight", {width, mlp}});
    if (!layer_scale) continue;
    for (const char* name : {"ls_1.gamma", "ls_2.gamma"}) table.push_back({block + name, {width}});
  }
}

/// An attention pooling is named like a block without its first layer norm.
MAO_INLINE void add_pooling_shapes(std::int64_t width, std::int64_t mlp, ShapeTable& table) {
  const std::string pool = "visual.pool.";
  for (const char* name : {"probe", "ln_2.weight", "ln_2.bias", "attn.out_proj.bias", "mlp.c_proj.bias"}) {
    table.push_back({pool + name, {width}});
  }
  table.push_back({pool + "attn.in_proj_weight", {3 * width, width}});
  table.push_back({pool + "attn.in_proj_bias", {3 * width}});
  table.push_back({pool + "attn.out_proj.weight", {width, width}});
  table.push_back({pool + "mlp.c_fc.weight", {mlp, width}});
  table.push_back({pool + "mlp.c_fc.bias", {mlp}});
  table.push_back({pool + "mlp.c_proj.weight", {width, mlp}});
}

MAO_INLINE void add_vit_shapes(const ClipArchitecture& sizes, const ClipForm& form, ShapeTable& table) {
  const std::int64_t grid = sizes.resolution / sizes.patch, width = sizes.vision_width;
  if (form.conv_stem) {
    add_stem_shapes(width, sizes.patch, table);
  } else {
    table.push_back({"visual.conv1.weight", {width, 3, sizes.patch, sizes.patch}});
  }
  table.push_back({"visual.positional_embedding", {grid * grid + (form.class_token ? 1 : 0), width}});
  if (form.class_token) table.push_back({"visual.class_embedding", {width}});
  if (form.patch_bias) table.push_back({"visual.conv1.bias", {width}});
  if (form.image_projection) table.push_back({"visual.proj", {form.image_mlp ? 2 * sizes.embed : width, sizes.embed}});
  if (form.image_bias) table.push_back({"visual.proj.bias", {sizes.embed}});
  if (form.image_mlp) {
    table.push_back({"visual.proj_fc.weight", {2 * sizes.embed, width}});
    table.push_back({"visual.proj_fc.bias", {2 * sizes.embed}});
  }
  if (form.image_pooling == ImagePooling::Attention) add_pooling_shapes(width, sizes.pool_mlp, table);
  for (const char* kind : {".weight", ".bias"}) {
    if (form.ln_pre) table.push_back({std::string("visual.ln_pre") + kind, {width}});
    table.push_back({std::string("visual.ln_post") + kind, {width}});
  }
  add_block_shapes("visual.transformer.resblocks.", sizes.vision_layers, width, sizes.vision_mlp, form.vision_scale,
                   table);
}

MAO_INLINE ShapeTable expected_shapes(const ClipArchitecture& sizes, const ClipForm& form) {
  const std::int64_t text = sizes.text_width;
  ShapeTable table;
  if (sizes.is_resnet()) {
    add_resnet_shapes(sizes, table);
  } else {
    add_vit_shapes(sizes, form, table);
  }
  if (form.text_bert) {
    add_bert_shapes(sizes, form, table);
    return table;
  }
  table.push_back({"token_embedding.weight", {sizes.vocabulary, text}});
  table.push_back({"positional_embedding", {sizes.context, text}});
  table.push_back({"ln_final.weight", {text}});
  table.push_back({"ln_final.bias", {text}});
  if (form.text_projection) table.push_back({"text_projection", {text, sizes.embed}});
  if (form.text_bias) table.push_back({"text_projection.bias", {sizes.embed}});
  add_block_shapes("transformer.resblocks.", sizes.text_layers, text, sizes.text_mlp, form.text_scale, table);
  return table;
}

MAO_INLINE bool is_bystander(std::string_view name) {
  for (const std::string_view known : {"attn_mask", "position_ids", "logit_bias", "input_resolution", "context_length",
                                       "vocab_size", "num_batches_tracked"}) {
    if (name == known || (name.ends_with(known) && name[name.size() - known.size() - 1] == '.')) return true;
  }
  return false;
}

/// The kind of a checkpoint by the beginnings of its names, for models that are not a pair of CLIP's transformers.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 7> other_models{
    {{"visual.trunk.", "an image tower of timm"},
     {"visual.attn_pool.", "an image tower with attention pooling (CoCa)"},
     {"text_decoder.", "a text decoder (CoCa)"},
     {"transformer.embeddings.", "a text tower of transformers (BERT, RoBERTa, ...)"},
     {"transformer.encoder.", "a text tower of transformers (BERT, RoBERTa, T5, ...)"},
     {"vision_model.head.", "an image tower with another attention pooling than SigLIP's"},
     {"text_model.head.", "a text tower with another head than SigLIP's"}}};

MAO_INLINE void refuse_other_models(const TensorMap& weights, const std::string& source, const ClipForm& form) {
  for (const auto& [prefix, model] : other_models) {
    if (form.text_bert && prefix.starts_with(bert_prefix)) continue;
    const auto first = weights.lower_bound(std::string(prefix));
    require<FormatError>(
        first == weights.end() || !first->first.starts_with(prefix), source, ": has ", model, " (",
        first == weights.end() ? std::string() : first->first,
        "), which is not supported; supported are CLIP's own towers (ViT-B/16, ViT-L/14, RN50, ...), SigLIP's, timm's "
        "plain ViTs, and a BERT for texts (BiomedCLIP) that open_clip_config.json describes");
  }
}

/// `visual.conv1.weight` as `visual.conv1.parametrizations.weight.original`.
MAO_INLINE std::string parametrized(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  const bool inside = dot != std::string::npos;
  return text_of(inside ? name.substr(0, dot + 1) : "", "parametrizations.", inside ? name.substr(dot + 1) : name,
                 ".original");
}

MAO_INLINE const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source) {
  const auto found = weights.find(name);
  for (const std::string& other : {name + "_orig", name + "_g", name + "_v", parametrized(name)}) {
    const auto part = found == weights.end() ? weights.lower_bound(other) : weights.end();
    require<FormatError>(part == weights.end() || !part->first.starts_with(other), source, ": ", name, " is made from ",
                         part == weights.end() ? std::string() : part->first,
                         " and others by pruning, weight_norm, spectral_norm or another parametrization; remove it "
                         "(prune.remove, remove_weight_norm, remove_parametrizations) before saving the model");
  }
  require<FormatError>(found != weights.end(), source, ": no tensor ", name, " among its ", weights.size(),
                       "; expected a CLIP checkpoint with OpenAI, open_clip or Hugging Face names");
  return found->second;
}

MAO_INLINE const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source,
                                   std::int64_t dimensions) {
  const Tensor& value = tensor_of(weights, name, source);
  require<FormatError>(value.dim() == dimensions, source, ": ", name, " has shape ", shape_text(value.sizes()),
                       ", expected ", dimensions, " dimensions");
  return value;
}

MAO_INLINE std::int64_t grid_side(std::int64_t cells, const std::string& name, const std::string& source) {
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(cells))));
  require<FormatError>(side > 0 && side * side == cells, source, ": ", name, " has ", cells + 1,
                       " rows, expected a square number of patches plus one");
  return side;
}

/// The side of the grid of patches.
MAO_INLINE std::int64_t patches_side(const TensorMap& weights, const std::string& source, const ClipForm& form) {
  const std::string name = "visual.positional_embedding";
  const std::int64_t rows = tensor_of(weights, name, source, 2).size(0);
  if (form.class_token) return grid_side(rows - 1, name, source);
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(rows))));
  require<FormatError>(side > 0 && side * side == rows, source, ": ", name, " has ", rows,
                       " rows, expected a square number of patches");
  return side;
}

MAO_INLINE void read_vit_sizes(const TensorMap& weights, const std::string& source, const ClipForm& form,
                               ClipArchitecture& sizes) {
  const Tensor& patches = tensor_of(weights, "visual.conv1.weight", source, 4);
  sizes.vision_width = patches.size(0);
  sizes.patch = patches.size(3) * (form.conv_stem ? stem_cell : 1);
  sizes.vision_layers = count_blocks(weights, "visual.transformer.resblocks.");
  sizes.vision_mlp = tensor_of(weights, "visual.transformer.resblocks.0.mlp.c_fc.weight", source, 2).size(0);
  if (form.image_pooling == ImagePooling::Attention) {
    sizes.pool_mlp = tensor_of(weights, "visual.pool.mlp.c_fc.weight", source, 2).size(0);
  }
  sizes.resolution = sizes.patch * patches_side(weights, source, form);
  sizes.embed = form.image_projection ? tensor_of(weights, "visual.proj", source, 2).size(1) : sizes.vision_width;
}

/// Each of the towers' tensors once, and no other but bystanders.
MAO_INLINE void check_tensors(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form,
                              const std::string& source) {
  std::set<std::string> used{"logit_scale"};
  const Tensor& scale = tensor_of(weights, "logit_scale", source);
  require<FormatError>(scale.numel() == 1 && scale.dim() <= 1, source, ": logit_scale has shape ",
                       shape_text(scale.sizes()), ", expected [] or [1]");
  constexpr double most = 80;  // whose exponential fp32 can still hold
  require<FormatError>(scale.item<double>() <= most, source, ": logit_scale is ", scale.item<double>(),
                       ", which stands for exp(logit_scale) = ", std::exp(scale.item<double>()),
                       "; expected the logarithm, 4.6 for a scale of 100");
  for (const auto& [name, shape] : expected_shapes(sizes, form)) {
    const Tensor& value = tensor_of(weights, name, source);
    require<FormatError>(value.sizes() == at::IntArrayRef(shape), source, ": ", name, " has shape ",
                         shape_text(value.sizes()), ", expected ", shape_text(shape));
    used.insert(name);
  }
  for (const auto& [name, value] : weights) {
    require<FormatError>(used.contains(name) || is_bystander(name), source, ": the tensor ", name, ' ',
                         shape_text(value.sizes()),
                         " is not part of the CLIP that the other tensors and the configuration describe; a network "
                         "with it would give other features");
  }
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string describe_vision(const ClipForm& form, const ClipArchitecture& sizes) {
  if (!sizes.is_resnet()) return describe_vision(form, sizes.vision_width);
  const std::int64_t channels = sizes.vision_channels(), heads = form.vision.heads_in(channels);
  return text_of("attention pooling with ", heads, " heads of ", channels / heads);
}

MAO_INLINE ClipArchitecture infer_architecture(const TensorMap& weights, const std::string& source,
                                               const ClipForm& form) {
  detail::refuse_other_models(weights, source, form);
  const auto size_of = [&](const char* name, std::int64_t dimensions, std::int64_t dimension) {
    return detail::tensor_of(weights, name, source, dimensions).size(dimension);
  };
  ClipArchitecture sizes;
  if (detail::has_resnet(weights)) {
    detail::read_resnet_sizes(weights, source, sizes);
  } else {
    detail::read_vit_sizes(weights, source, form, sizes);
  }
  if (form.text_bert) {
    detail::read_bert_sizes(weights, source, sizes);
  } else {
    sizes.context = size_of("positional_embedding", 2, 0);
    sizes.vocabulary = size_of("token_embedding.weight", 2, 0);
    sizes.text_width = size_of("ln_final.weight", 1, 0);
    sizes.text_layers = detail::count_blocks(weights, "transformer.resblocks.");
    sizes.text_mlp = size_of("transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  }
  require<FormatError>(form.text_projection || sizes.text_width == sizes.embed, source,
                       ": without a text projection the text tower's width is that of the features, ", sizes.embed,
                       ", but it is ", sizes.text_width);
  detail::check_tensors(weights, sizes, form, source);
  return sizes;
}

}  // namespace mao
