// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The part of TOML that sweeps and `--config` files are written in: sections, dotted names, strings, numbers, booleans
/// and lists. Every value stays the text it was written as, and every error names its line.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/text_file.hpp>

namespace mao_program {

/// `name = value` or `name = [value, value]`; `set.depth` is the name as written, without quotes and spaces.
struct TomlEntry {
  std::string name;
  std::vector<std::string> values;
  bool is_list = false;
  int line = 0;
};

/// The lines below `[name]`; the first section of a file has no name.
struct TomlSection {
  std::string name;
  int line = 0;
  std::vector<TomlEntry> entries;
};

namespace detail {

/// Reads a text from left to right.
class TomlReader {
 public:
  /// `words`: a value may be words without quotes too, as in an INI file, each a value of its own.
  TomlReader(std::string_view text, std::string file, bool words = false)
      : text_(text), file_(std::move(file)), words_(words) {}

  std::vector<TomlSection> read() {
    std::vector<TomlSection> sections(1);
    for (skip(true); !at_end(); skip(true)) {
      if (peek() == '[') {
        sections.push_back(header());
        check_new(sections, sections.back().name, sections.size() - 1);
      } else {
        TomlEntry entry = read_entry();
        for (const TomlEntry& before : sections.back().entries) {
          need(before.name != entry.name, "\"", entry.name, "\" again, after line ", before.line,
               "; give it once, several values as a list [a, b]");
        }
        sections.back().entries.push_back(std::move(entry));
      }
      skip(false);
      need(at_end() || peek() == '\n', "\"", rest_of_line(),
           "\" behind a complete line; expected its end or a # comment");
    }
    return sections;
  }

 private:
  template <class... Parts>
  void need(bool ok, const Parts&... parts) const {
    mao::require<mao::FormatError>(ok, file_, ":", line_, ": ", parts...);
  }

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\n' : text_[at_]; }
  char take() {
    const char c = peek();
    if (c == '\n') ++line_;
    ++at_;
    return c;
  }
  [[nodiscard]] std::string rest_of_line() const {
    return std::string(text_.substr(at_, text_.find_first_of("\r\n", at_) - at_));
  }

  /// Spaces and comments, and ends of lines too when `lines`.
  void skip(bool lines) {
    while (!at_end()) {
      if (peek() == '#' || (words_ && peek() == ';')) {
        while (!at_end() && peek() != '\n') take();
      } else if (peek() == ' ' || peek() == '\t' || peek() == '\r' || (lines && peek() == '\n')) {
        take();
      } else {
        return;
      }
    }
  }

  void check_new(const std::vector<TomlSection>& sections, const std::string& name, std::size_t count) const {
    for (std::size_t i = 1; i < count; ++i) {
      need(sections[i].name != name, "[", name, "] again, after line ", sections[i].line, "; give it another name");
    }
  }

  TomlSection header() {
    const std::string whole = rest_of_line();
    const int line = line_;
    take();
    need(peek() != '[', "\"", whole, "\": lists of sections are not read; expected [a name]");
    TomlSection section{.name = read_name(), .line = line, .entries = {}};
    need(peek() == ']', "\"", whole, "\"; expected [a name], the name in quotes when it has spaces or signs");
    take();
    return section;
  }

  std::string read_name() {
    std::string name;
    while (true) {
      skip(false);
      if (peek() == '"' || peek() == '\'') {
        name += read_string();
      } else {
        const std::size_t start = at_;
        while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '_' || peek() == '-') take();
        need(at_ > start, "\"", rest_of_line(), "\"; expected `name = value`, `[section]` or a # comment");
        name += text_.substr(start, at_ - start);
      }
      skip(false);
      if (peek() != '.') return name;
      name += take();
    }
  }

  TomlEntry read_entry() {
    const std::string whole = rest_of_line();
    TomlEntry entry{.name = read_name(), .values = {}, .is_list = false, .line = line_};
    need(peek() == '=', "\"", whole, "\"; expected `name = value`, `[section]` or a # comment");
    take();
    skip(false);
    entry.is_list = peek() == '[';
    if (!entry.is_list) {
      do {
        entry.values.push_back(read_value(entry.name));
        if (words_) skip(false);
      } while (words_ && peek() != '\n');
      return entry;
    }
    for (take(), skip(true); peek() != ']' || at_end(); skip(true)) {
      need(!at_end(), "the list of \"", entry.name, "\" from line ", entry.line, " on has no closing ]");
      entry.values.push_back(read_value(entry.name));
      skip(true);
      need(peek() == ',' || peek() == ']' || at_end(), "\"", rest_of_line(), "\" in the list of \"", entry.name,
           "\"; expected , or ]");
      if (peek() == ',') take();
    }
    take();
    need(!entry.values.empty(), entry.name, " = []; expected at least one value");
    return entry;
  }

  std::string read_value(const std::string& name) {
    const std::string whole = rest_of_line();
    if (peek() == '"' || peek() == '\'') return read_string();
    need(peek() != '[' && peek() != '{', name, " = ", whole, "; lists within lists and tables are not read");
    const std::size_t start = at_;
    while (!at_end() && std::string_view(" \t\r\n,]#").find(peek()) == std::string_view::npos) take();
    std::string value(text_.substr(start, at_ - start));
    const bool number = !value.empty() && (std::isdigit(static_cast<unsigned char>(value.front())) != 0 ||
                                           std::string_view("+-.").find(value.front()) != std::string_view::npos);
    need(number || value == "true" || value == "false" || (words_ && !value.empty()), name, " = ", whole,
         "; expected a number, true, false, or text in quotes");
    if (number) std::erase(value, '_');
    return value;
  }

  std::string read_string() {
    const std::string whole = rest_of_line();
    const char quote = take();
    std::string value;
    while (peek() != quote) {
      need(!at_end() && peek() != '\n', whole, ": the quote ", quote, " is not closed on its line");
      value += quote == '"' && peek() == '\\' ? escaped() : take();
    }
    take();
    return value;
  }

  char escaped() {
    take();
    const char c = take();
    if (c == 'n') return '\n';
    if (c == 't') return '\t';
    need(c == '"' || c == '\\', "\\", c, " in a text; expected \\\" \\\\ \\n or \\t, or single quotes around the text");
    return c;
  }

  std::string_view text_;
  std::string file_;
  bool words_ = false;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace detail

/// **Throws** `FormatError` naming file and line, what stands there and what was expected.
inline std::vector<TomlSection> parse_toml(std::string_view text, const std::string& file) {
  return detail::TomlReader(text, file).read();
}

/// **Throws** as `parse_toml`; `FileError` when it cannot be read.
inline std::vector<TomlSection> read_toml(const std::filesystem::path& file) {
  return parse_toml(mao::read_utf8_file(file), file.string());
}

}  // namespace mao_program
