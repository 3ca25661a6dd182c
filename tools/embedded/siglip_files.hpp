// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The configuration and the tokenizer of the embedded SigLIP, as transformers saves them.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/text/detail/merges.hpp>

#include "bpe_training.hpp"
#include "trainable_tower.hpp"

namespace mao::embedded {

inline constexpr const char *padding_piece = "<pad>", *end_piece = "<eos>", *unknown_piece = "<unk>";

inline void write_json(const std::filesystem::path& path, const nlohmann::json& json) {
  write_file_atomically(path, [&](std::ostream& out) { out << json.dump(2) << '\n'; });
}

namespace detail {

/// `<0x0A>`, the piece of a byte that no other piece covers.
inline std::string byte_piece(int byte) {
  std::ostringstream text;
  text << "<0x" << std::uppercase << std::hex << std::setw(2) << std::setfill('0') << byte << '>';
  return text.str();
}

/// Special pieces, bytes, the mark of a space, the characters of ASCII in lower case, and what the merges make.
inline std::vector<std::string> pieces_of(const MergeList& merges) {
  std::vector<std::string> pieces = {padding_piece, end_piece, unknown_piece};
  for (int byte = 0; byte < 256; ++byte) pieces.push_back(byte_piece(byte));
  pieces.emplace_back(space_symbol);
  for (char c = '!'; c <= '~'; ++c) {
    if (c < 'A' || c > 'Z') pieces.emplace_back(1, c);
  }
  for (const auto& [left, right] : merges) {
    if (std::ranges::find(pieces, left + right) == pieces.end()) pieces.push_back(left + right);
  }
  return pieces;
}

inline nlohmann::json special_token(const char* content, std::int64_t id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

/// Puts the end token behind a text.
inline nlohmann::json end_template() {
  using nlohmann::json;
  const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const json second = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  const json end = {{"SpecialToken", {{"id", end_piece}, {"type_id", 0}}}};
  json tokens;
  tokens[end_piece] = {{"id", end_piece}, {"ids", {1}}, {"tokens", {end_piece}}};
  return {{"type", "TemplateProcessing"},
          {"single", {text, end}},
          {"pair", {text, end, second, end}},
          {"special_tokens", tokens}};
}

inline nlohmann::json tower_config(std::int64_t width, std::int64_t layers) {
  return {{"hidden_size", width},
          {"intermediate_size", 4 * width},
          {"num_hidden_layers", layers},
          {"num_attention_heads", width / 64},
          {"hidden_act", "gelu_pytorch_tanh"},
          {"layer_norm_eps", 1e-6}};
}

}  // namespace detail

/// A tokenizer.json of SigLIP 2's form (byte-pair merges, spaces as marks, lower case, bytes for the rest) that also
/// puts a mark before the first word, as SigLIP does, so that a word is the same piece at every place.
inline nlohmann::json piece_tokenizer(const MergeList& merges) {
  using json = nlohmann::json;
  const std::vector<std::string> pieces = detail::pieces_of(merges);
  json vocabulary, pairs = json::array();
  for (std::size_t id = 0; id < pieces.size(); ++id) vocabulary[pieces[id]] = id;
  for (const auto& [left, right] : merges) pairs.push_back({left, right});
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens",
           {detail::special_token(padding_piece, 0), detail::special_token(end_piece, 1),
            detail::special_token(unknown_piece, 2)}},
          {"normalizer",
           {{"type", "Sequence"},
            {"normalizers",
             {{{"type", "Lowercase"}},
              {{"type", "Prepend"}, {"prepend", space_symbol}},
              {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", space_symbol}}}}}},
          {"pre_tokenizer", nullptr},
          {"post_processor", detail::end_template()},
          {"decoder", nullptr},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", unknown_piece},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"vocab", vocabulary},
            {"merges", pairs}}}};
}

/// Writes tokenizer.json and tokenizer_config.json.
inline void write_piece_tokenizer(const MergeList& merges, const std::filesystem::path& folder) {
  write_json(folder / "tokenizer.json", piece_tokenizer(merges));
  write_json(folder / "tokenizer_config.json", {{"tokenizer_class", "PreTrainedTokenizerFast"},
                                                {"pad_token", padding_piece},
                                                {"eos_token", end_piece},
                                                {"unk_token", unknown_piece},
                                                {"padding_side", "right"}});
}

/// Writes config.json and preprocessor_config.json of a SiglipModel.
inline void write_siglip_config(const ModelSizes& sizes, const std::filesystem::path& folder) {
  nlohmann::json vision = detail::tower_config(sizes.vision_width, sizes.vision_layers);
  vision["image_size"] = sizes.image_side;
  vision["patch_size"] = sizes.patch;
  nlohmann::json text = detail::tower_config(sizes.text_width, sizes.text_layers);
  text["max_position_embeddings"] = sizes.context;
  text["vocab_size"] = sizes.vocabulary;
  text["projection_size"] = sizes.embed;
  text["pad_token_id"] = 0;
  text["eos_token_id"] = 1;
  write_json(
      folder / "config.json",
      {{"model_type", "siglip"}, {"architectures", {"SiglipModel"}}, {"vision_config", vision}, {"text_config", text}});
  const std::vector<double> half = {0.5, 0.5, 0.5};
  write_json(folder / "preprocessor_config.json",
             {{"image_processor_type", "SiglipImageProcessor"},
              {"do_resize", true},
              {"size", {{"height", sizes.image_side}, {"width", sizes.image_side}}},
              {"resample", 3},
              {"do_rescale", true},
              {"rescale_factor", 1.0 / 255},
              {"do_normalize", true},
              {"image_mean", half},
              {"image_std", half}});
}

}  // namespace mao::embedded
