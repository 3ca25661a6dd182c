// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/preprocess_config.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include <mao/config.hpp>
#include <mao/io/files.hpp>
#include <mao/models/detail/config_section.hpp>

namespace mao::detail {

/// Mean and deviation. **Throws** `OptionError` for a deviation that is not positive.
MAO_INLINE void read_channels(ConfigSection& section, std::string_view mean, std::string_view deviation,
                              Preprocess& result) {
  result.mean = section.channels(mean, result.mean);
  result.deviation = section.channels(deviation, result.deviation);
  for (const float value : result.deviation) {
    if (!(value > 0.0F)) section.refuse(deviation, "positive numbers");
  }
}

/// open_clip's keys, for a model of this resolution. A single 0 means CLIP's mean to open_clip.
MAO_INLINE Preprocess read_open_clip_pixels(ConfigSection& section, int resolution) {
  Preprocess result{.resolution = resolution};
  read_channels(section, "mean", "std", result);
  if (result.mean == std::array<float, 3>{} && !section.is_list("mean")) section.refuse("mean", "three numbers");
  const std::string filter = section.text("interpolation", "bicubic"), mode = section.text("resize_mode", "shortest");
  if (filter != "bicubic" && filter != "bilinear" && filter != "random") {
    section.refuse("interpolation", "\"bicubic\", \"bilinear\" or \"random\", which is bicubic except in training");
  }
  result.filter = filter == "bilinear" ? Filter::bilinear : Filter::bicubic;
  if (mode != "shortest" && mode != "longest" && mode != "squash") {
    section.refuse("resize_mode", "\"shortest\", \"longest\" or \"squash\"");
  }
  if (mode != "shortest") result.mode = mode == "longest" ? ResizeMode::longest : ResizeMode::squash;
  const std::int64_t fill = section.integer("fill_color", 0);
  if (fill < 0 || fill > 255) section.refuse("fill_color", "a byte, 0 to 255");
  if (result.mode == ResizeMode::longest) result.fill = static_cast<int>(fill);
  if (section.side("size", resolution) != resolution) {
    section.refuse("size", text_of(resolution, ", the checkpoint's image size"));
  }
  if (section.text("mode", "RGB") != "RGB") section.refuse("mode", "\"RGB\"");
  return result;
}

/// A size of transformers: of the short side, or of both.
struct ImageSize {
  std::int64_t side = 0;
  bool square = false;
};

MAO_INLINE ImageSize hugging_face_size(ConfigSection& root, std::string_view key, const ImageSize& otherwise) {
  if (!root.has(key)) return otherwise;
  if (!root.is_object(key)) return {root.side(key, 0), otherwise.square || root.is_list(key)};
  ConfigSection size = root.section(key);
  const bool shortest = size.has("shortest_edge"), height = size.has("height"), width = size.has("width");
  for (const char* other : {"longest_edge", "max_height", "max_width", "min_pixels", "max_pixels"}) {
    if (size.has(other)) size.refuse(other, "\"shortest_edge\", or \"height\" and \"width\", alone");
  }
  if (shortest == height || height != width) root.refuse(key, "\"shortest_edge\", or \"height\" and \"width\"");
  const std::int64_t side = size.integer(shortest ? "shortest_edge" : "height", 0);
  if (size.integer("width", side) != side) size.refuse("width", text_of(side, ", the height: only squares fit"));
  size.finish();
  return {side, height};
}

/// Which size comes out of resizing and cropping.
MAO_INLINE void read_hugging_face_sizes(ConfigSection& root, bool siglip, Preprocess& result) {
  if (!root.flag("do_resize", true)) root.refuse("do_resize", "true: images of other sizes do not fit the model");
  const bool squares = root.flag("default_to_square");
  const ImageSize size = hugging_face_size(root, "size", {224, siglip || squares});
  const bool whole_size = root.has("size") && !root.is_object("size") && !root.is_list("size");
  const bool square = whole_size ? squares : size.square;  // a number is a short side, in SiglipImageProcessor too
  const bool crops = root.flag("do_center_crop", !siglip);
  const ImageSize crop = hugging_face_size(root, "crop_size", {siglip ? 0 : 224, true});
  if (crops && !crop.square) root.refuse("crop_size", "\"height\" and \"width\"");
  if (!crops && !square) root.refuse("do_center_crop", "true where \"size\" is that of the short side");
  const std::int64_t kept = crops ? crop.side : size.side;
  if (kept != result.resolution) {
    root.refuse(crops ? "crop_size" : "size", text_of(result.resolution, ", the checkpoint's image size"));
  }
  if (size.side < kept || size.side > 8192) root.refuse("size", text_of(kept, " (the crop) to 8192 pixels"));
  result.mode = square ? ResizeMode::squash : ResizeMode::shortest;
  result.resize = size.side == kept ? 0 : static_cast<int>(size.side);
  result.crop_rounds_down = !square || result.resize > 0;
}

/// Filter, scale, mean and deviation.
MAO_INLINE void read_hugging_face_values(ConfigSection& root, Preprocess& result) {
  const std::int64_t filter = root.integer("resample", 3);
  if (filter != 2 && filter != 3) root.refuse("resample", "3 (bicubic) or 2 (bilinear)");
  result.filter = filter == 2 ? Filter::bilinear : Filter::bicubic;
  if (!root.flag("do_rescale", true)) root.refuse("do_rescale", "true");
  if (std::abs(255 * root.number("rescale_factor", 1.0 / 255) - 1) > 1e-6) root.refuse("rescale_factor", "1/255");
  read_channels(root, "image_mean", "image_std", result);
  if (!root.flag("do_normalize", true)) result.mean = {0, 0, 0}, result.deviation = {1, 1, 1};
}

/// Whether its defaults are SiglipImageProcessor's. **Throws** `OptionError` unless they are, or CLIPImageProcessor's.
MAO_INLINE bool is_siglip_processor(ConfigSection& root) {
  const bool old = root.has("feature_extractor_type") && !root.has("image_processor_type");
  const std::string key = old ? "feature_extractor_type" : "image_processor_type";
  const std::string name = root.has(key) ? root.text(key, "") : "CLIPImageProcessor";
  for (const char* end : {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"}) {
    if (name == std::string("CLIP") + end) return false;
    if (name == std::string("Siglip") + end) return true;
  }
  root.refuse(key, "\"CLIPImageProcessor\" or \"SiglipImageProcessor\", or their Fast or Pil form");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Preprocess read_open_clip_preprocess(const nlohmann::json& object, const std::string& where,
                                                int resolution) {
  ConfigSection section(object, where);
  const Preprocess result = detail::read_open_clip_pixels(section, resolution);
  section.finish();
  return result;
}

MAO_INLINE Preprocess read_hugging_face_preprocess(const nlohmann::json& object, const std::string& where,
                                                   int resolution) {
  ConfigSection root(object, where, ConfigNull::Refused);  // to transformers a null is false, and no default
  const bool siglip = detail::is_siglip_processor(root);
  const auto is_null = [&](const char* key) { return object.contains(key) && object.at(key).is_null(); };
  if (is_null("size")) root.refuse("size", "a size");
  if (is_null("crop_size") && root.flag("do_center_crop", !siglip)) root.refuse("crop_size", "a size to crop to");
  Preprocess result = siglip ? Preprocess::symmetric(resolution) : Preprocess{.resolution = resolution};
  detail::read_hugging_face_sizes(root, siglip, result);
  detail::read_hugging_face_values(root, result);
  if (root.flag("do_convert_rgb", true)) result.transparency = Transparency::white;
  root.unsupported({"auto_map", "do_flip_channel_order", "do_pad", "do_reduce_labels", "use_square_size"});
  if (root.has("pad_size")) root.refuse("pad_size", "null, or no such key: mao does not pad images");
  root.without_effect({"_commit_hash", "_name_or_path", "_processor_class", "_valid_processor_keys", "data_format",
                       "device", "disable_grouping", "feature_extractor_type", "image_seq_length", "input_data_format",
                       "model_input_names", "processor_class", "return_tensors", "transformers_version"});
  root.finish();
  return result;
}

}  // namespace mao

namespace mao::detail {

/// What one file says, if it says anything of pixels.
MAO_INLINE std::optional<Preprocess> preprocess_of(const std::filesystem::path& path, int resolution) {
  if (!std::filesystem::is_regular_file(path)) return std::nullopt;
  const auto file = parse_config(read_text_file(path), path.string());
  const std::string name = path.filename().string(), where = path.string() + ": ";
  const auto has = [&](const char* key) { return file.contains(key) && !file[key].is_null(); };
  if (name == "preprocessor_config.json") return read_hugging_face_preprocess(file, where, resolution);
  if (name == "processor_config.json") {
    if (!has("image_processor")) return std::nullopt;
    return read_hugging_face_preprocess(file["image_processor"], where + "image_processor.", resolution);
  }
  if (has("preprocess_cfg")) {
    return read_open_clip_preprocess(file["preprocess_cfg"], where + "preprocess_cfg.", resolution);
  }
  const bool own = has("activation") && !has("model_cfg") && !has("vision_cfg") && !has("vision_config");
  const bool any = has("mean") || has("std") || has("interpolation") || has("resize_mode") || has("size");
  if (!own || !any) return std::nullopt;
  ConfigSection section(file, where);  // its other keys are those of the towers: models/configuration.hpp
  return read_open_clip_pixels(section, resolution);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE StatedPreprocess preprocess_beside(const std::filesystem::path& checkpoint, ClipLayout layout,
                                              int resolution) {
  const auto folder = std::filesystem::is_directory(checkpoint) ? checkpoint : checkpoint.parent_path();
  std::array<const char*, 4> names{"open_clip_config.json", "processor_config.json", "preprocessor_config.json",
                                   "config.json"};
  if (layout == ClipLayout::HuggingFace) names = {names[1], names[2], names[0], names[3]};
  for (const char* name : names) {
    if (const auto stated = detail::preprocess_of(folder / name, resolution)) {
      return {*stated, "as " + (folder / name).string() + " says", true};
    }
  }
  return {{.resolution = resolution}, "CLIP's, as no file beside the checkpoint says otherwise"};
}

}  // namespace mao
