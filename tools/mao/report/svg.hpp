// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SVG as text: elements, safe text, and the frame of a figure. Colours are CSS variables of the page.

#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>

namespace mao {

/// Text that may stand between tags and in attributes of HTML and SVG; control characters become blanks.
inline std::string escaped_markup(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return result;
}

/// A number with so many decimals; "–" where there is none.
inline std::string number_text(double value, int decimals) {
  if (!std::isfinite(value)) return "–";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return std::string(text) == "-0" ? "0" : text;
}

/// The same with a sign, a true minus included: "+1.5", "−0.3".
inline std::string signed_text(double value, int decimals) {
  const std::string size = number_text(std::abs(value), decimals);
  if (!std::isfinite(value) || size.find_first_not_of("0.") == std::string::npos) return size;
  return (value < 0 ? "−" : "+") + size;
}

/// A coordinate: two decimals at most, none that say nothing.
inline std::string coordinate(double value) {
  require<NumericError>(std::isfinite(value), "svg: a coordinate is not finite");
  std::string text = number_text(value, 2);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text.empty() || text == "-" || text == "-0" ? "0" : text;
}

/// An attribute of an element; numbers become coordinates, text is escaped.
struct SvgAttribute {
  std::string name;
  std::string value;

  SvgAttribute(std::string key, double number) : name(std::move(key)), value(coordinate(number)) {}
  SvgAttribute(std::string key, std::string_view text) : name(std::move(key)), value(escaped_markup(text)) {}
  SvgAttribute(std::string key, const char* text) : SvgAttribute(std::move(key), std::string_view(text)) {}
  SvgAttribute(std::string key, const std::string& text) : SvgAttribute(std::move(key), std::string_view(text)) {}
};

using SvgAttributes = std::vector<SvgAttribute>;

/// `<name key="value">content</name>`; the content is markup and has to be escaped where it is not.
inline std::string svg_element(std::string_view name, const SvgAttributes& attributes, std::string_view content = {}) {
  std::string text = text_of("<", name);
  for (const auto& [key, value] : attributes) text += text_of(" ", key, "=\"", value, "\"");
  return content.empty() ? text + "/>" : text_of(text, ">", content, "</", name, ">");
}

/// A line between two points.
inline std::string svg_line(double x1, double y1, double x2, double y2, std::string_view css) {
  return svg_element("line", {{"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}, {"class", css}});
}

/// Words at a point; `anchor` is start, middle or end.
inline std::string svg_text(double x, double y, std::string_view text, std::string_view css = "tick",
                            std::string_view anchor = "start") {
  return svg_element("text", {{"x", x}, {"y", y}, {"class", css}, {"text-anchor", anchor}}, escaped_markup(text));
}

/// What a pointer that rests on an element shows.
inline std::string svg_hint(std::string_view text) { return svg_element("title", {}, escaped_markup(text)); }

/// A picture that scales with the page. `title` and `description` are read to those who do not see it.
inline std::string svg_picture(double width, double height, std::string_view title, std::string_view description,
                               std::string_view content) {
  const std::string label = description.empty() ? std::string(title) : text_of(title, ". ", description);
  return svg_element("svg",
                     {{"xmlns", "http://www.w3.org/2000/svg"},
                      {"viewBox", text_of("0 0 ", coordinate(width), " ", coordinate(height))},
                      {"style", text_of("--w:", coordinate(width), "px")},
                      {"role", "img"},
                      {"aria-label", label}},
                     content);
}

namespace detail {

/// Whether a byte continues a letter of UTF-8.
inline bool continues_letter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace detail

/// About how wide words are, in pixels of a font of that size; nothing measures text without a browser.
inline double text_width(std::string_view text, double font_size = 11) {
  constexpr std::string_view thin = "iljtf.,;:' |()[]";
  double letters = 0;
  for (const char c : text) {
    if (detail::continues_letter(c)) continue;
    letters += thin.find(c) != std::string_view::npos ? 0.36 : c >= 'A' && c <= 'Z' ? 0.72 : 0.6;
  }
  return letters * font_size;
}

/// Words cut to a width, with an ellipsis where something is missing.
inline std::string shortened(std::string_view text, double width, double font_size = 11) {
  if (text_width(text, font_size) <= width) return std::string(text);
  std::string result(text);
  while (!result.empty() && text_width(result + "...", font_size) > width) {
    while (result.size() > 1 && detail::continues_letter(result.back())) result.pop_back();
    result.pop_back();
  }
  return result + "…";
}

}  // namespace mao
