// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/text_steps.hpp>

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

[[noreturn]] MAO_INLINE void refuse_section(const nlohmann::json& section, const std::string& where,
                                            const std::string& expected) {
  std::string value = section.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (value.size() > 200) value = value.substr(0, 197) + "...";
  throw OptionError(text_of(where, " is ", value, ", which mao's tokenizer does not do; expected ", expected));
}

MAO_INLINE void expect_token_flags(const nlohmann::json& entry, const std::string& where) {
  if (!entry.is_object()) return;
  for (const char* flag : {"lstrip", "rstrip", "normalized", "single_word", "special"}) {
    if (entry.contains(flag) && !entry[flag].is_boolean()) {
      refuse_section(entry[flag], text_of(where, ".", flag), "true or false");
    }
  }
}

/// A special token: a text, null, or an entry that transformers wrote.
MAO_INLINE void expect_special_token(const nlohmann::json& token, const std::string& where) {
  const bool entry = token.is_object() && token.contains("__type") && token["__type"] == "AddedToken";
  if (!token.is_string() && !token.is_null() && !entry) {
    refuse_section(token, where, R"(a text, or an object with "content" and "__type": "AddedToken")");
  }
  expect_token_flags(token, where);
}

MAO_INLINE void expect_loadable_config(const nlohmann::json& values, const std::string& where) {
  const auto is_there = [&](const char* key) { return values.contains(key); };
  if (is_there("auto_map") && (!values["auto_map"].is_object() || values["auto_map"].contains("AutoTokenizer"))) {
    refuse_section(values["auto_map"], where + "auto_map",
                   "an object without \"AutoTokenizer\": mao runs no code of a model");
  }
  if (is_there("model_input_names")) {
    const auto& names = values["model_input_names"];
    const bool texts =
        names.is_array() && std::ranges::all_of(names, [](const auto& name) { return name.is_string(); });
    if (!texts || names.empty() || names[0] != "input_ids") {
      refuse_section(names, where + "model_input_names", "a list that begins with \"input_ids\", or no such key");
    }
  }
  for (const char* role :
       {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
    if (is_there(role)) expect_special_token(values[role], where + role);
  }
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    if (!is_there(key) || values[key].is_null()) continue;
    if (!values[key].is_structured()) refuse_section(values[key], where + key, "a list, or an object, of tokens");
    for (const auto& token : values[key]) expect_special_token(token, where + key);
  }
  if (!is_there("added_tokens_decoder")) return;
  if (!values["added_tokens_decoder"].is_object()) {
    refuse_section(values["added_tokens_decoder"], where + "added_tokens_decoder", "an object of tokens by id");
  }
  for (const auto& [id, entry] : values["added_tokens_decoder"].items()) {
    const std::string place = where + "added_tokens_decoder." + id;
    if (!entry.is_object()) refuse_section(entry, place, "an object with \"content\"");
    expect_token_flags(entry, place);
  }
}

MAO_INLINE void expect_loadable_tokenizer(const nlohmann::json& file, const std::string& where) {
  const auto refuse_unless = [&](const char* key, const auto& fits, const char* expected) {
    if (file.contains(key) && !fits(file[key])) refuse_section(file[key], where + key, expected);
  };
  refuse_unless(
      "version", [](const auto& value) { return value == "1.0"; }, "\"1.0\"");
  const auto holds = [](const char* needed) {
    return [needed](const auto& value) { return value.is_null() || (value.is_object() && value.contains(needed)); };
  };
  refuse_unless("truncation", holds("max_length"), "null, or an object with max_length, stride, strategy, direction");
  refuse_unless("padding", holds("strategy"), "null, or an object with strategy, direction, pad_id, pad_token");
  refuse_unless(
      "added_tokens", [](const auto& value) { return value.is_array(); }, "a list");
  if (!file.contains("added_tokens")) return;
  for (const auto& entry : file["added_tokens"]) {
    const bool stated = entry.is_object() && entry.contains("id") && entry["id"].is_number_integer();
    if (!stated) refuse_section(entry, where + "added_tokens", "objects with \"id\" and \"content\"");
    expect_token_flags(entry, where + "added_tokens");
  }
}

MAO_INLINE std::string type_of(const nlohmann::json& section) { return value_or<std::string>(section, "type", ""); }

/// The list in a section of type Sequence.
MAO_INLINE const nlohmann::json& parts_of(const nlohmann::json& section, const char* key, const std::string& where) {
  const auto found = section.find(key);
  require<FormatError>(found != section.end() && found->is_array(), where, ": a Sequence without its list '", key, "'");
  return *found;
}

MAO_INLINE std::string decoded_base64(std::string_view text, const std::string& where) {
  const auto value_of = [](char c) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return digits.find(c);
  };
  const std::size_t padded = text.size();
  while (text.ends_with('=')) text.remove_suffix(1);
  require<FormatError>(padded % 4 == 0 && padded - text.size() <= 2, where,
                       ": the character map of its normalizer is not base64");
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned buffer = 0, bits = 0;
  for (const char c : text) {
    const std::size_t value = value_of(c);
    require<FormatError>(value < 64, where, ": the character map of its normalizer is not base64");
    buffer = (buffer << 6 | static_cast<unsigned>(value)) & 0xFFFFU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(buffer >> bits & 0xFFU);
  }
  return bytes;
}

/// How many bytes of `text` (not empty) are its first cluster of characters.
MAO_INLINE std::size_t cluster_size(std::string_view text) {
  std::string_view rest = text;
  utf8proc_int32_t state = 0;
  char32_t before = take_code_point(rest);
  while (!rest.empty()) {
    std::string_view next = rest;
    const char32_t c = take_code_point(next);
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before), static_cast<utf8proc_int32_t>(c),
                                         &state)) {
      break;
    }
    before = c;
    rest = next;
  }
  return text.size() - rest.size();
}

MAO_INLINE std::string mapped_characters(std::string_view text, const Charsmap& map) {
  constexpr std::size_t longest_whole = 5;
  std::string result;
  while (!text.empty()) {
    std::string_view cluster = text.substr(0, cluster_size(text));
    text.remove_prefix(cluster.size());
    const auto whole = cluster.size() <= longest_whole ? map.shortest(cluster) : std::nullopt;
    if (whole) {
      result += whole->meaning;
      continue;
    }
    while (!cluster.empty()) {
      std::string_view rest = cluster;
      take_code_point(rest);
      const auto character = cluster.substr(0, cluster.size() - rest.size());
      const auto match = map.shortest(character);
      result += match ? match->meaning : character;
      cluster = rest;
    }
  }
  return result;
}

MAO_INLINE TextStep charsmap_step(std::shared_ptr<const Charsmap> map) {
  return [map = std::move(map)](std::string_view text) { return mapped_characters(text, *map); };
}

MAO_INLINE TextStep lower_case_step() {
  return [](std::string_view text) {
    constexpr char32_t dotted_capital_i = 0x130;
    std::string result;
    while (!text.empty()) {
      const char32_t c = take_code_point(text);
      append_utf8(result, c == dotted_capital_i ? U'i' : lower_case(c));
      if (c == dotted_capital_i) append_utf8(result, U'\u0307');
    }
    return result;
  };
}

MAO_INLINE TextStep replace_step(std::string what, std::string with) {
  return [what = std::move(what), with = std::move(with)](std::string_view text) {
    std::string result;
    for (std::size_t found; (found = text.find(what)) != std::string_view::npos;) {
      result.append(text.substr(0, found)).append(with);
      text.remove_prefix(found + what.size());
    }
    return result.append(text);
  };
}

/// Runs of at least `least` characters that `is` accepts, each as `with`.
template <class Is>
TextStep replace_runs(const Is& is, std::size_t least, std::string with) {
  return [is, least, with = std::move(with)](std::string_view text) {
    std::string result;
    while (!text.empty()) {
      std::string_view rest = text;
      std::size_t count = 0;
      for (std::string_view next = rest; !rest.empty() && is(take_code_point(next)); rest = next) ++count;
      if (count == 0) take_code_point(rest);
      const auto taken = text.substr(0, text.size() - rest.size());
      count > 0 && count >= least ? result += with : result += taken;
      text = rest;
    }
    return result;
  };
}

MAO_INLINE TextStep strip_step(bool left, bool right) {
  return [left, right](std::string_view text) {
    for (std::string_view next = text; left && !text.empty() && is_white_space(take_code_point(next));) text = next;
    std::string_view kept = text.substr(0, right ? 0 : text.size());
    for (std::string_view rest = text; !rest.empty();) {
      const bool space = is_white_space(take_code_point(rest));
      if (!space) kept = text.substr(0, std::max(kept.size(), text.size() - rest.size()));
    }
    return std::string(kept);
  };
}

MAO_INLINE TextStep normal_form_step(std::u32string (*form)(std::u32string_view)) {
  return [form](std::string_view text) { return encode_utf8(form(decode_utf8(text))); };
}

MAO_INLINE TextStep read_replace(const nlohmann::json& section, const std::string& where) {
  const auto& pattern = section.contains("pattern") ? section["pattern"] : nlohmann::json();
  const auto with = value_or<std::string>(section, "content", "");
  const auto text = value_or<std::string>(pattern, "String", ""), regex = value_or<std::string>(pattern, "Regex", "");
  if (!text.empty()) return replace_step(text, with);
  if (regex == " {2,}") return replace_runs([](char32_t c) { return c == U' '; }, 2, with);
  if (regex == "\\s+") return replace_runs(&is_white_space, 1, with);
  refuse_section(section, where, R"(a text, or one of the expressions " {2,}" and "\s+")");
}

MAO_INLINE TextStep read_text_step(const nlohmann::json& section, const std::string& where) {
  const std::string type = type_of(section);
  if (type == "Precompiled") {
    return charsmap_step(std::make_shared<Charsmap>(charsmap_in(section, where), where));
  }
  if (type == "Lowercase") return lower_case_step();
  if (type == "Strip") {
    return strip_step(value_or(section, "strip_left", true), value_or(section, "strip_right", true));
  }
  if (type == "Replace") return read_replace(section, where);
  if (type == "NFC") return normal_form_step(&composed);
  if (type == "NFD") return normal_form_step(&decomposed);
  if (type == "NFKC") return normal_form_step(&compatibility_composed);
  if (type == "Prepend") {
    return [front = value_or<std::string>(section, "prepend", "")](std::string_view text) {
      return text.empty() ? std::string() : front + std::string(text);
    };
  }
  refuse_section(section, where, "Sequence, Precompiled, Lowercase, Strip, Replace, Prepend, NFC, NFD, NFKC, or null");
}

MAO_INLINE std::vector<TextStep> read_normalizer(const nlohmann::json& section, const std::string& where) {
  std::vector<TextStep> steps;
  if (section.is_null()) return steps;
  if (type_of(section) != "Sequence") return {read_text_step(section, where)};
  for (const auto& part : parts_of(section, "normalizers", where)) steps.push_back(read_text_step(part, where));
  return steps;
}

MAO_INLINE std::string charsmap_in(const nlohmann::json& section, const std::string& where) {
  if (type_of(section) == "Precompiled") {
    return decoded_base64(value_or<std::string>(section, "precompiled_charsmap", ""), where);
  }
  if (type_of(section) != "Sequence") return {};
  for (const auto& part : parts_of(section, "normalizers", where)) {
    if (type_of(part) == "Precompiled") return charsmap_in(part, where);
  }
  return {};
}

MAO_INLINE SplitStep white_space_split() {
  return [](std::string_view text) {
    std::vector<std::string> words;
    for (bool inside = false; !text.empty();) {
      std::string_view rest = text;
      const bool space = is_white_space(take_code_point(rest));
      if (!space && !inside) words.emplace_back();
      if (!space) words.back() += text.substr(0, text.size() - rest.size());
      inside = !space;
      text = rest;
    }
    return words;
  };
}

MAO_INLINE SplitStep mark_split(std::string mark, bool always, bool split) {
  return [mark = std::move(mark), always, split](std::string_view text) {
    std::string marked = replace_step(" ", mark)(text);
    if (always && !marked.starts_with(mark)) marked.insert(0, mark);
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < marked.size();) {
      const std::size_t next = split ? marked.find(mark, begin + 1) : std::string::npos;
      words.push_back(marked.substr(begin, next - begin));
      begin = std::min(next, marked.size());
    }
    return words;
  };
}

/// A space ends a word and belongs to it.
MAO_INLINE std::vector<std::string> split_behind_spaces(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find(' '), text.size() - 1) + 1;
    words.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}

MAO_INLINE SplitStep read_split_step(const nlohmann::json& section, const std::string& where) {
  const std::string type = type_of(section);
  if (type == "WhitespaceSplit") return white_space_split();
  if (type == "Metaspace") {
    const auto scheme = value_or<std::string>(section, "prepend_scheme",
                                              value_or(section, "add_prefix_space", true) ? "always" : "never");
    if (scheme != "always" && scheme != "never") {
      refuse_section(section, where, R"(a prepend_scheme of "always" or "never")");
    }
    const auto mark = value_or(section, "replacement", std::string(space_mark));
    require<FormatError>(!mark.empty(), where, ": the replacement of a Metaspace is empty");
    return mark_split(mark, scheme == "always", value_or(section, "split", true));
  }
  const auto plain = nlohmann::json::parse(
      R"({"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false})");
  if (section == plain) return &split_behind_spaces;
  refuse_section(section, where, "Sequence, WhitespaceSplit, Metaspace, a Split as in Gemma's tokenizer, or null");
}

MAO_INLINE std::vector<SplitStep> read_pre_tokenizer(const nlohmann::json& section, const std::string& where) {
  std::vector<SplitStep> steps;
  if (section.is_null()) return steps;
  if (type_of(section) != "Sequence") return {read_split_step(section, where)};
  for (const auto& part : parts_of(section, "pretokenizers", where)) steps.push_back(read_split_step(part, where));
  return steps;
}

}  // namespace mao::detail
