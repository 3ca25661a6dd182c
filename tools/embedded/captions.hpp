// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Captions for the pictures of the embedded world, and what each caption claims.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <mao/core/random.hpp>
#include <mao/embedded/detail/world.hpp>

namespace mao::embedded {

/// What a picture shows, style included; positions in the lists of names.
struct Scene {
  Combination what;
  std::size_t background = 0;
  std::size_t style = 0;
};

inline constexpr std::size_t drawing_style = 1;

/// A caption and the attributes that it names; -1 where it is silent.
struct Caption {
  std::string text;
  int shape = -1;
  int colour = -1;
  int texture = -1;
  int background = -1;
  int style = -1;  ///< 0 claims a photo, which every style but the drawing is

  /// Whether everything the caption says holds for that picture too.
  [[nodiscard]] bool holds_for(const Scene& scene) const {
    const auto agrees = [](int said, std::size_t is) { return said < 0 || said == static_cast<int>(is); };
    return agrees(shape, scene.what.shape) && agrees(colour, scene.what.colour) &&
           agrees(texture, scene.what.texture) && agrees(background, scene.background) &&
           (style == 0 ? scene.style != drawing_style : agrees(style, scene.style));
  }
};

namespace detail {

using Words = std::vector<std::string_view>;

inline std::string pick(const Words& words, Rng& rng) { return std::string(words[rng.below(words.size())]); }

/// The usual word four times out of five, otherwise one of its synonyms.
inline std::string spoken(std::string_view usual, const Words& synonyms, Rng& rng) {
  return synonyms.empty() || rng.below(5) != 0 ? std::string(usual) : pick(synonyms, rng);
}

inline std::string shape_word(std::size_t shape, Rng& rng) {
  static const std::array<Words, 10> synonyms = {
      {{"disc"}, {"box"}, {}, {}, {"hoop"}, {"plus"}, {}, {"crescent"}, {}, {"rhombus"}}};
  return spoken(shape_names[shape], synonyms[shape], rng);
}

inline std::string colour_word(std::size_t colour, Rng& rng) {
  static const std::array<Words, 10> synonyms = {{{}, {}, {}, {}, {"cyan"}, {}, {"violet"}, {}, {}, {"grey"}}};
  return spoken(colour_names[colour], synonyms[colour], rng);
}

inline std::string texture_word(std::size_t texture, Rng& rng) {
  static const std::array<Words, 5> synonyms = {{{"solid"}, {"stripy"}, {"spotted"}, {"checked"}, {"rimmed"}}};
  return spoken(texture_names[texture], synonyms[texture], rng);
}

inline std::string background_word(std::size_t background, Rng& rng) {
  return pick({"background", "ground", "backdrop"}, rng).insert(0, std::string(background_names[background]) + " ");
}

/// "photo", "sketch", "dark photo", ...
inline std::string style_phrase(std::size_t style, Rng& rng) {
  const std::string photo = pick({"photo", "photo", "photo", "picture", "image"}, rng);
  if (style == 0) return photo;
  return style == 1 ? spoken("drawing", {"sketch"}, rng) : std::string(style_names[style]) + " " + photo;
}

/// The words for the object, some left out, in one of three orders; notes in `caption` which it used.
inline std::string noun_phrase(const Combination& what, Caption& caption, Rng& rng) {
  static const std::array<std::string_view, 5> with = {"", " with stripes", " with dots", " with checks",
                                                       " with a border"};
  std::string shape = pick({"thing", "object", "shape"}, rng);
  if (rng.uniform() >= 0.08) {
    shape = shape_word(what.shape, rng);
    caption.shape = static_cast<int>(what.shape);
  }
  std::string colour;
  if (rng.uniform() >= 0.12) {
    colour = colour_word(what.colour, rng) + " ";
    caption.colour = static_cast<int>(what.colour);
  }
  if (rng.uniform() < (what.texture == 0 ? 0.35 : 0.12)) return colour + shape;
  caption.texture = static_cast<int>(what.texture);
  if (what.texture != 0 && rng.uniform() < 0.1) return colour + shape + std::string(with[what.texture]);
  const std::string texture = texture_word(what.texture, rng) + " ";
  return rng.uniform() < 0.1 ? colour + texture + shape : texture + colour + shape;
}

inline std::string with_article(const std::string& phrase) {
  return (std::string_view("aeiou").find(phrase.front()) == std::string_view::npos ? "a " : "an ") + phrase;
}

/// Words without a claim, to move a caption to later positions: prompts with up to 16 learned tokens end there.
inline std::string filler(std::size_t words, Rng& rng) {
  static const Words neutral = {"this", "is", "here", "we",   "see", "just", "a",
                                "the",  "it", "that", "look", "at",  "and",  "so"};
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text += pick(neutral, rng) + " ";
  return text;
}

/// `text` with `mark` replaced, where it occurs.
inline bool fill_in(std::string& text, std::string_view mark, const std::string& words) {
  const std::size_t at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), words);
  return at != std::string::npos;
}

}  // namespace detail

/// A caption of one picture; three in ten are "a photo of a ...", unless it is a drawing.
///
/// `filler_words` neutral words stand before it.
inline Caption caption(const Scene& scene, std::size_t filler_words, Rng rng) {
  static const detail::Words forms = {"{style} of {object}.",
                                      "{object}.",
                                      "{style} showing {object}.",
                                      "{style} of {object} on a {ground}.",
                                      "{object} on a {ground}.",
                                      "{style} of a {ground} with {object}.",
                                      "on a {ground}, {style} of {object}."};
  constexpr std::size_t without_ground = 3;
  Caption result;
  const std::string noun = detail::noun_phrase(scene.what, result, rng);
  const std::string start = detail::filler(filler_words, rng);
  const bool drawing = scene.style == drawing_style;
  if (!drawing && rng.uniform() < 0.3) {
    result.text = start + "a photo of a " + noun + ".";
    result.style = 0;
    return result;
  }
  result.text = forms[rng.below(drawing ? without_ground : forms.size())];
  detail::fill_in(result.text, "{object}", detail::with_article(noun));
  const std::string style = detail::with_article(detail::style_phrase(scene.style, rng));
  if (detail::fill_in(result.text, "{style}", style)) result.style = static_cast<int>(scene.style);
  const std::string ground = detail::background_word(scene.background, rng);
  if (detail::fill_in(result.text, "{ground}", ground)) result.background = static_cast<int>(scene.background);
  result.text.insert(0, start);
  return result;
}

/// Captions of `count` random scenes of all combinations: what the tokenizer is trained on.
inline std::vector<std::string> caption_sample(std::size_t count, const Rng& rng) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    Rng draw = rng[i];
    const Scene scene{combination(draw.below(combination_count)), draw.below(background_names.size()),
                      draw.below(style_names.size())};
    texts.push_back(caption(scene, draw.below(4), draw["caption"]).text);
  }
  return texts;
}

}  // namespace mao::embedded
