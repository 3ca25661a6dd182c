// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/piece_files.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>
#include <mao/text/detail/json_pieces.hpp>
#include <mao/text/detail/piece_settings.hpp>
#include <mao/text/detail/sentence_piece.hpp>
#include <mao/text/detail/siglip_pieces.hpp>
#include <mao/text/detail/text_steps.hpp>

namespace mao::detail {

namespace fs = std::filesystem;

MAO_INLINE std::string quoted_path(const fs::path& path) { return "'" + escaped(path.string()) + "'"; }

/// The id of a token with a role. **Throws** FormatError when there is none.
template <class Model>
std::int64_t role_id(const Model& model, const std::string& token, const char* role, const std::string& where) {
  const std::int64_t id = model.find(token);
  require<FormatError>(id >= 0, where, ": the ", role, " '", printable(token), "' is not in the vocabulary");
  return id;
}

MAO_INLINE std::shared_ptr<SentencePiece> read_sentence_piece(const fs::path& file, bool no_dummy_prefix = false) {
  const MappedFile bytes(file);
  const std::string where = quoted_path(file);
  SentencePieceFile parsed = parse_sentence_piece({bytes.bytes().data(), bytes.bytes().size()}, where);
  if (no_dummy_prefix) parsed.dummy_prefix = false;
  return std::make_shared<SentencePiece>(std::move(parsed), where);
}

/// Everything but how a text becomes ids.
MAO_INLINE PieceEncoder encoder_of(const std::shared_ptr<SentencePiece>& model) {
  PieceEncoder encoder;
  encoder.size = std::ssize(model->file().pieces);
  encoder.piece = [model](std::int64_t id) { return model->file().pieces[static_cast<std::size_t>(id)].text; };
  return encoder;
}

MAO_INLINE PieceEncoder encoder_of(const std::shared_ptr<JsonPieces>& model) {
  PieceEncoder encoder;
  encoder.size = model->size();
  encoder.piece = [model](std::int64_t id) { return model->piece(id); };
  encoder.encode = [model](std::string_view text) { return model->encode(text); };
  return encoder;
}

/// As SentencePiece reads the file: the end token ends a text, and rows are filled up as each SigLIP does.
MAO_INLINE PieceEncoder plain_encoder(const fs::path& file, bool lower) {
  const auto model = read_sentence_piece(file);
  const std::string where = quoted_path(file);
  PieceEncoder encoder = encoder_of(model);
  encoder.encode = [model, lower, step = lower_case_step()](std::string_view text) {
    return model->encode(lower ? step(text) : std::string(text));
  };
  // Gemma's file keeps SentencePiece's own name of the end piece among its settings and calls the piece <eos>.
  const std::string end = model->find(model->file().end_piece) >= 0 ? model->file().end_piece : "<eos>";
  encoder.end = role_id(*model, end, "end token", where);
  encoder.padding = end == "<eos>" ? role_id(*model, "<pad>", "padding token", where) : encoder.end;
  return encoder;
}

/// Special tokens of a class that the files do not state otherwise: role and text.
using RoleDefaults = std::vector<std::pair<std::string, std::string>>;

MAO_INLINE std::vector<AddedPiece> added_pieces(const PieceSettings& settings, const RoleDefaults& defaults,
                                                const std::vector<AddedPiece>& of_json, bool strip) {
  std::vector<AddedPiece> added = settings.states_added ? settings.added : of_json;
  const auto add = [&added](const AddedPiece& piece) {
    const auto same = [&piece](const AddedPiece& known) { return known.text == piece.text; };
    if (std::none_of(added.begin(), added.end(), same)) added.push_back(piece);
  };
  for (const auto& [role, text] : defaults) {
    const bool stated = std::any_of(settings.roles.begin(), settings.roles.end(),
                                    [&name = role](const RoleToken& token) { return token.role == name; });
    if (!stated) add({.text = text, .special = true, .strips_left = strip, .strips_right = strip});
  }
  for (RoleToken token : settings.roles) {
    if (strip && settings.values.contains(token.role) && settings.values[token.role].is_string()) {
      token.piece.strips_left = token.piece.strips_right = true;
    }
    add(token.piece);
  }
  for (const AddedPiece& piece : settings.extra) add(piece);
  return added;
}

/// A flag of Python, to which a null is false.
MAO_INLINE bool truth_of(const nlohmann::json& values, const char* key, bool otherwise) {
  return value_or(values, key, !values.contains(key) && otherwise);
}

/// Gives each added piece without id that of its text, else the next free one; the number of pieces with them.
/// **Throws** FormatError for one that states the id of another piece.
MAO_INLINE std::int64_t give_ids(std::vector<AddedPiece>& added, const SentencePiece& model, const std::string& where) {
  const auto& pieces = model.file().pieces;
  std::int64_t next = std::ssize(pieces);
  for (AddedPiece& piece : added) {
    const std::int64_t known = model.find(piece.text);
    if (piece.id < 0) piece.id = known >= 0 ? known : next;
    const auto place = static_cast<std::size_t>(piece.id);
    require<FormatError>(piece.id >= std::ssize(pieces) || pieces[place].text == piece.text, where,
                         "added_tokens_decoder.", piece.id, " is '", printable(piece.text),
                         "', but the vocabulary has '", printable(pieces[std::min(place, pieces.size() - 1)].text),
                         "' at this id; expected the same, or an id behind the vocabulary");
    next = std::max(next, piece.id + 1);
  }
  return next;
}

MAO_INLINE PieceEncoder siglip_encoder(const fs::path& folder, const PieceSettings& settings) {
  const auto file = folder / "spiece.model";
  require<FileError>(fs::exists(file), quoted_path(folder),
                     ": its tokenizer is SiglipTokenizer, which reads spiece.model; there is none");
  const auto model = read_sentence_piece(file, !truth_of(settings.values, "legacy", true));
  const std::string where = quoted_path(file);
  auto added = added_pieces(settings, {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "</s>"}}, {}, true);
  PieceEncoder encoder = encoder_of(model);
  encoder.size = give_ids(added, *model, settings.where);
  encoder.piece = [model, added](std::int64_t id) {
    const auto& pieces = model->file().pieces;
    if (id < std::ssize(pieces)) return pieces[static_cast<std::size_t>(id)].text;
    const auto found = std::ranges::find(added, id, &AddedPiece::id);
    return found == added.end() ? std::string() : found->text;
  };
  encoder.end = role_id(*model, settings.token("eos_token", "</s>"), "end token (eos_token)", where);
  encoder.padding = role_id(*model, settings.token("pad_token", "</s>"), "padding token (pad_token)", where);
  const auto pieces = std::make_shared<SiglipPieces>(model, std::move(added), settings.token("unk_token", "<unk>"),
                                                     truth_of(settings.values, "do_lower_case", true));
  encoder.encode = [pieces, end = encoder.end](std::string_view text) {
    auto ids = pieces->encode(text);
    if (!ids.empty() && ids.back() == end) ids.pop_back();  // the class adds no second end token behind one in the text
    return ids;
  };
  return encoder;
}

/// Pieces and settings of a tokenizer.json, the model taken out.
struct PieceJson {
  nlohmann::json values;
  JsonModel model;
  std::vector<AddedPiece> added{};
  std::string where;

  [[nodiscard]] nlohmann::json section(const char* key) const { return values.value(key, nlohmann::json()); }
};

MAO_INLINE PieceJson read_piece_json(const fs::path& file) {
  PieceJson json{.values = read_json_object(file), .model = {}, .where = quoted_path(file)};
  expect_loadable_tokenizer(json.values, json.where + ": ");
  json.model = read_json_model(json.section("model"), json.where + ": model");
  json.values["model"] = nullptr;
  const auto added = json.section("added_tokens");
  require<FormatError>(added.is_null() || added.is_array(), json.where, ": added_tokens is not a list");
  for (const auto& entry : added) json.added.push_back(read_added_piece(entry, json.where + ": added_tokens"));
  for (const char* key : {"padding", "truncation"}) {
    const auto section = json.section(key);
    const auto side = value_or<std::string>(section, "direction", "Right");
    if (side != "Right") refuse_section(section, json.where + ": " + key, "a direction of \"Right\"");
  }
  return json;
}

/// The template's ids of the token are that of the vocabulary. **Throws** OptionError.
MAO_INLINE void expect_own_id(const nlohmann::json& section, const std::string& token, const PieceJson& json) {
  const auto tokens = section.value("special_tokens", nlohmann::json());
  const auto entry = tokens.is_object() ? tokens.value(token, nlohmann::json()) : nlohmann::json();
  const auto ids = entry.is_object() ? entry.value("ids", nlohmann::json()) : nlohmann::json();
  const auto& pieces = json.model.pieces;
  const auto has_id = [&](std::int64_t id) {
    if (id >= 0 && id < std::ssize(pieces)) return pieces[static_cast<std::size_t>(id)] == token;
    return std::ranges::any_of(json.added, [&](const AddedPiece& each) { return each.id == id && each.text == token; });
  };
  const bool fits =
      ids.is_array() && ids.size() == 1 && ids[0].is_number_integer() && has_id(ids[0].get<std::int64_t>());
  if (!fits) {
    refuse_section(tokens, json.where + ": post_processor.special_tokens",
                   "the id of '" + printable(token) + "' in the vocabulary as its ids");
  }
}

/// What a post-processor puts behind a text. **Throws** OptionError unless it is one token, with none in front.
MAO_INLINE std::string end_of_template(const PieceJson& json) {
  const auto section = json.section("post_processor");
  const char* const expected = "a TemplateProcessing that puts one end token behind the text and nothing before it";
  const auto single = section.is_object() ? section.value("single", nlohmann::json()) : nlohmann::json();
  const bool fits = type_of(section) == "TemplateProcessing" && single.is_array() && single.size() == 2 &&
                    single[0].is_object() && single[0].contains("Sequence") && single[1].is_object() &&
                    single[1].contains("SpecialToken");
  if (!fits) refuse_section(section, json.where + ": post_processor", expected);
  const auto end = value_or<std::string>(single[1]["SpecialToken"], "id", "");
  expect_own_id(section, end, json);
  return end;
}

/// The end token of a class that heeds `add_eos_token`, else the post-processor of the file.
MAO_INLINE std::string end_of(const PieceSettings& settings, const PieceJson& json, const std::string& otherwise) {
  const auto stated = [&](const char* key) { return settings.values.contains(key); };
  if (!stated("add_eos_token") && !stated("add_bos_token")) return end_of_template(json);
  require<OptionError>(value_or(settings.values, "add_eos_token", false), settings.where,
                       "add_eos_token is not true, so texts have no end token; every SigLIP was trained with one");
  return settings.token("eos_token", otherwise);
}

MAO_INLINE PieceEncoder finished(const std::shared_ptr<JsonPieces>& model, const std::string& end,
                                 const std::string& padding, const std::string& where) {
  PieceEncoder encoder = encoder_of(model);
  encoder.end = role_id(*model, end, "end token (eos_token)", where);
  encoder.padding = role_id(*model, padding, "padding token (pad_token)", where);
  return encoder;
}

/// `padding` of the JSON file, else `<pad>` where there is one, else the end token.
MAO_INLINE std::string padding_of(const PieceJson& json, const JsonPieces& model, const std::string& end) {
  const std::string otherwise = end == "<eos>" || model.find(end) < 0 ? "<pad>" : end;
  return value_or(json.section("padding"), "pad_token", otherwise);
}

MAO_INLINE PieceEncoder as_it_is(const fs::path& file, const PieceSettings& settings) {
  PieceJson json = read_piece_json(file);
  JsonSteps steps{read_normalizer(json.section("normalizer"), json.where + ": normalizer"),
                  read_pre_tokenizer(json.section("pre_tokenizer"), json.where + ": pre_tokenizer"), json.added};
  for (const AddedPiece& piece : added_pieces(settings, {}, json.added, false)) {
    steps.added.push_back(piece);
  }
  const auto model = std::make_shared<JsonPieces>(std::move(json.model), std::move(steps), json.where);
  const std::string end = end_of(settings, json, "</s>");
  return finished(model, end, settings.token("pad_token", padding_of(json, *model, end)), json.where);
}

/// GemmaTokenizer and Siglip2Tokenizer: byte-pair merges over the whole text, its spaces as marks.
MAO_INLINE PieceEncoder gemma_encoder(const fs::path& folder, const PieceSettings& settings) {
  const bool lower = settings.reader == PieceClass::Siglip2;
  require<OptionError>(settings.values.contains("padding_side") || settings.values.empty(), settings.where,
                       "padding_side is not stated, and the default of Gemma's tokenizer is left; expected right, as "
                       "every SigLIP 2 was trained");
  const auto file = folder / "tokenizer.json";
  if (!fs::exists(file)) return plain_encoder(folder / "tokenizer.model", lower);
  PieceJson json = read_piece_json(file);
  require<OptionError>(!json.model.unigram, json.where,
                       ": model is of type Unigram, but the tokenizer class is Gemma's; expected BPE");
  const RoleDefaults defaults = {{"bos_token", "<bos>"},
                                 {"eos_token", "<eos>"},
                                 {"unk_token", "<unk>"},
                                 {"pad_token", "<pad>"},
                                 {"mask_token", "<mask>"}};
  json.model.fuse_unknown = json.model.byte_fallback = true;
  json.model.whole_words = false;
  const auto& pieces = json.model.pieces;
  const auto unknown = std::find(pieces.begin(), pieces.end(), settings.token("unk_token", "<unk>"));
  json.model.unknown_id = unknown == pieces.end() ? -1 : unknown - pieces.begin();
  JsonSteps steps{.normalizer = {replace_step(" ", std::string(space_mark))},
                  .added = added_pieces(settings, defaults, json.added, false)};
  if (lower) steps.normalizer.insert(steps.normalizer.begin(), lower_case_step());
  const auto model = std::make_shared<JsonPieces>(std::move(json.model), std::move(steps), json.where);
  return finished(model, end_of(settings, json, "<eos>"), settings.token("pad_token", "<pad>"), json.where);
}

/// Pieces of a SentencePiece model as T5Tokenizer takes them.
MAO_INLINE PieceJson as_unigram(const fs::path& file, std::int64_t extra_ids) {
  const auto source = read_sentence_piece(file);
  PieceJson json{.values = nlohmann::json::object(), .model = {}, .where = quoted_path(file)};
  for (const ScoredPiece& piece : source->file().pieces) {
    json.model.pieces.push_back(piece.text);
    json.model.scores.push_back(piece.score);
  }
  for (std::int64_t i = extra_ids; i > 0; --i) {
    json.model.pieces.push_back("<extra_id_" + std::to_string(i - 1) + ">");
    json.model.scores.push_back(0);
  }
  return json;
}

MAO_INLINE PieceEncoder t5_encoder(const fs::path& folder, const PieceSettings& settings) {
  const auto file = folder / "tokenizer.json";
  const auto extra_ids = value_or<std::int64_t>(settings.values, "extra_ids", 100);
  constexpr std::int64_t most_extra_ids = 100000;
  require<OptionError>(extra_ids >= 0 && extra_ids <= most_extra_ids, settings.where, "extra_ids is ", extra_ids);
  const bool from_json = fs::exists(file);
  const auto spiece = folder / "spiece.model";
  PieceJson json = from_json ? read_piece_json(file) : as_unigram(spiece, extra_ids);
  const std::string map =
      from_json ? charsmap_in(json.section("normalizer"), json.where) : read_sentence_piece(spiece)->file().charsmap;
  require<OptionError>(json.model.unigram && json.model.pieces.size() > 2, json.where,
                       ": model is of type BPE, but the tokenizer class is T5Tokenizer; expected Unigram");
  json.model.unknown_id = 2;
  json.model.byte_fallback = false;
  JsonSteps steps{{},
                  {white_space_split(), mark_split(std::string(space_mark), true, true)},
                  added_pieces(settings, {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}},
                               json.added, false)};
  if (!map.empty()) steps.normalizer.push_back(charsmap_step(std::make_shared<Charsmap>(map, json.where)));
  for (std::int64_t i = 0; settings.extra.empty() && i < extra_ids; ++i) {
    steps.added.push_back({.text = "<extra_id_" + std::to_string(i) + ">", .special = true});
  }
  const auto model = std::make_shared<JsonPieces>(std::move(json.model), std::move(steps), json.where);
  return finished(model, settings.token("eos_token", "</s>"), settings.token("pad_token", "<pad>"), json.where);
}

/// The one file of a folder in which nothing says how it is read.
MAO_INLINE fs::path only_piece_file(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const char* name : {"spiece.model", "tokenizer.model", "tokenizer.json"}) {
    if (fs::exists(folder / name)) found.push_back(folder / name);
  }
  require<FileError>(!found.empty(), "no tokenizer in ", quoted_path(folder),
                     ": expected spiece.model, tokenizer.model or tokenizer.json");
  require<OptionError>(found.size() == 1, quoted_path(folder), " holds ", found.front().filename().string(), " and ",
                       found.back().filename().string(),
                       ", and no tokenizer_config.json says which is read; name the file instead of the folder");
  return found.front();
}

MAO_INLINE PieceEncoder read_piece_files(const fs::path& path) {
  if (fs::is_directory(path)) {
    const PieceSettings settings = read_piece_settings(path);
    switch (settings.reader) {
      case PieceClass::Siglip:
        return siglip_encoder(path, settings);
      case PieceClass::T5:
        return t5_encoder(path, settings);
      case PieceClass::Gemma:
      case PieceClass::Siglip2:
        return gemma_encoder(path, settings);
      case PieceClass::AsItIs:
        return as_it_is(path / "tokenizer.json", settings);
      case PieceClass::Unstated:
        return read_piece_files(only_piece_file(path));
    }
  }
  require<FileError>(fs::exists(path), "no tokenizer at ", quoted_path(path),
                     ": expected spiece.model, tokenizer.model, tokenizer.json, or a folder with one of them");
  return path.extension() == ".json" ? as_it_is(path, PieceSettings{}) : plain_encoder(path, false);
}

}  // namespace mao::detail
