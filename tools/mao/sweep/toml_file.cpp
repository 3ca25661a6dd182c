// SPDX-License-Identifier: Apache-2.0
#include "sweep/toml_file.hpp"

// toml++ 3.3 asserts, and under clang assumes, what a text may violate: `[~name]` for example. Without both it says
// what is wrong with the text.
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#define TOML_ASSERT(condition) static_assert(true)
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(condition) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include <mao/core/error.hpp>
#include <mao/io/text_file.hpp>

namespace mao_program {

namespace {

/// The line of the first letter beyond ASCII that stands neither in quotes nor in a comment; 0 when there is none. TOML
/// has none there, and toml++ 3.3 goes astray over some (an assertion, or a place that is declared unreachable).
int line_of_bare_letter(std::string_view text) {
  int line = 1;
  std::string_view end;  // of the current text or comment
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.front() == '\n') {
      ++line;
      if (end.size() == 1) end = {};
    } else if (!end.empty()) {
      const bool escape = end.front() == '"' && rest.front() == '\\' && !rest.substr(1).starts_with('\n');
      if (!escape && !rest.starts_with(end)) continue;
      i += escape ? 1 : end.size() - 1;
      if (!escape) end = {};
    } else if (rest.front() == '#') {
      end = "\n";
    } else if (rest.front() == '"' || rest.front() == '\'') {
      end = rest.substr(0, rest.starts_with("\"\"\"") || rest.starts_with("'''") ? 3 : 1);
      i += end.size() - 1;
    } else if (static_cast<unsigned char>(rest.front()) >= 0x80) {
      return line;
    }
  }
  return 0;
}

constexpr const char* form =
    "; expected TOML: `name = value`, text in quotes, lists as [a, b], sections as [name], comments after #";

class TomlText {
 public:
  TomlText(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  [[nodiscard]] std::vector<TomlSection> sections() const {
    const toml::table root = parsed();
    std::vector<TomlSection> sections(1);
    add(root, "", sections.front());
    for (const auto& [key, node] : root) {
      if (!is_section(node)) continue;
      sections.push_back({.name = std::string(key.str()), .line = line_of(node), .entries = {}});
      add(*node.as_table(), "", sections.back());
    }
    const auto by_line = [](const auto& a, const auto& b) { return a.line < b.line; };
    for (TomlSection& section : sections) std::ranges::stable_sort(section.entries, by_line);
    std::ranges::stable_sort(sections, by_line);
    return sections;
  }

 private:
  template <class... Parts>
  void need(bool ok, int line, const Parts&... parts) const {
    mao::require<mao::FormatError>(ok, file_, ":", line, ": ", parts...);
  }

  [[nodiscard]] toml::table parsed() const {
    const int bare = line_of_bare_letter(text_);
    need(bare == 0, bare, "\"", line_text(bare), "\": a letter beyond ASCII stands outside of quotes", form);
    try {
      return toml::parse(text_, std::string_view(file_));
    } catch (const toml::parse_error& error) {
      std::string what(error.description());
      if (const auto colon = what.find(": "); colon != std::string::npos) what = what.substr(colon + 2);
      const int line = static_cast<int>(error.source().begin.line);
      throw mao::FormatError(mao::text_of(file_, ":", line, ": \"", line_text(line), "\": ", what, form));
    }
  }

  static int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

  [[nodiscard]] std::string line_text(int line) const {
    const std::vector<std::string> lines = mao::lines_of(std::string(text_));
    return line >= 1 && line <= static_cast<int>(lines.size()) ? lines[static_cast<std::size_t>(line - 1)]
                                                               : std::string();
  }

  /// The byte at a place that the parser counts in characters.
  [[nodiscard]] std::size_t byte_of(toml::source_position place) const {
    std::size_t at = 0;
    for (auto line = place.line; line > 1; --line) at = text_.find('\n', at) + 1;
    const auto continues = [&] {
      return at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80U;
    };
    for (auto column = place.column; column > 1; --column) {
      do ++at;
      while (continues());
    }
    return at;
  }

  /// Whether a table was made by `[name]`, not by the dots in a name or by braces.
  [[nodiscard]] bool is_section(const toml::node& node) const {
    return node.is_table() && text_.substr(byte_of(node.source().begin), 1) == "[";
  }

  void add(const toml::table& table, const std::string& before, TomlSection& section) const {
    for (const auto& [key, node] : table) {
      const std::string name = before + std::string(key.str());
      const int line = static_cast<int>(key.source().begin.line);
      if (const toml::table* inner = node.as_table()) {
        need(before.empty() || !is_section(node), line, "[", name, "]; sections within sections are not read");
        need(!inner->is_inline(), line, name, " = ", line_text(line), "; tables are not read");
        if (!is_section(node) || !section.name.empty()) add(*inner, name + ".", section);
        continue;
      }
      section.entries.push_back(entry(name, node, line));
    }
  }

  [[nodiscard]] TomlEntry entry(const std::string& name, const toml::node& node, int line) const {
    TomlEntry found{.name = name, .values = {}, .is_list = node.is_array(), .line = line};
    if (const toml::array* list = node.as_array()) {
      need(!list->empty(), line, name, " = []; expected at least one value");
      for (const toml::node& each : *list) {
        need(!each.is_table() || each.as_table()->is_inline(), line, "\"", line_text(line),
             "\": lists of sections are not read; expected [a name]");
        found.values.push_back(value(name, each));
      }
    } else {
      found.values.push_back(value(name, node));
    }
    return found;
  }

  /// A number stays as it was written: 0.002 is the folder's name that 2e-3 is not.
  [[nodiscard]] std::string value(const std::string& name, const toml::node& node) const {
    if (const auto* text = node.as_string()) return text->get();
    const int line = line_of(node);
    need(!node.is_array() && !node.is_table(), line, line_text(line), "; lists within lists and tables are not read");
    need(node.is_number() || node.is_boolean(), line, name, ": ", line_text(line),
         "; expected a number, true, false, or text in quotes");
    const std::size_t begin = byte_of(node.source().begin), end = byte_of(node.source().end);
    std::string written(text_.substr(begin, end - begin));
    if (node.is_number()) std::erase(written, '_');
    return written;
  }

  std::string_view text_;
  std::string file_;
};

}  // namespace

std::vector<TomlSection> parse_toml(std::string_view text, const std::string& file) {
  return TomlText(text, file).sections();
}

std::vector<TomlSection> read_toml(const std::filesystem::path& file) {
  return parse_toml(mao::read_utf8_file(file), file.string());
}

}  // namespace mao_program
