// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A page in one file: no script, nothing from the network, light and dark as the reader's system is.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <mao/core/error.hpp>

#include "report/base64.hpp"
#include "report/page_style.hpp"
#include "report/svg.hpp"
#include "report/text_table.hpp"

namespace mao {

/// A cell of a table: markup, and a class of the style sheet.
struct HtmlCell {
  std::string markup;
  std::string css{};
};

/// A row of a table.
struct HtmlRow {
  std::vector<HtmlCell> cells;
  std::string css{};
};

/// A table whose header cells are words; those from `first_number` on stand flush right.
inline std::string html_table(const std::vector<std::string>& header, const std::vector<HtmlRow>& rows,
                              std::size_t first_number = 1, std::string_view css = {}) {
  const auto cell = [&](std::string_view tag, std::size_t i, const std::string& markup, const std::string& extra) {
    std::string classes = i >= first_number ? "n" : "";
    if (!extra.empty()) classes += (classes.empty() ? "" : " ") + extra;
    return text_of("<", tag, classes.empty() ? "" : " class=\"" + classes + "\"", tag == "th" ? " scope=\"col\">" : ">",
                   markup, "</", tag, ">");
  };
  std::string text =
      text_of("<div class=\"scroll\"><table", css.empty() ? "" : text_of(" class=\"", css, "\""), "><thead><tr>");
  for (std::size_t i = 0; i < header.size(); ++i) text += cell("th", i, escaped_markup(header[i]), "");
  text += "</tr></thead><tbody>\n";
  for (const HtmlRow& row : rows) {
    text += row.css.empty() ? "<tr>" : "<tr class=\"" + row.css + "\">";
    for (std::size_t i = 0; i < row.cells.size(); ++i) text += cell("td", i, row.cells[i].markup, row.cells[i].css);
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

/// The same of a table of words.
inline std::string html_table(const TextTable& table, std::string_view css = {}) {
  std::vector<HtmlRow> rows;
  for (const auto& cells : table.rows) {
    HtmlRow& row = rows.emplace_back();
    for (const std::string& words : cells) row.cells.push_back({escaped_markup(words)});
  }
  return html_table(table.header, rows, table.first_number, css);
}

/// A part that opens and closes without a script. `summary` is markup.
inline std::string html_details(std::string_view summary, std::string_view body, bool open = false) {
  return text_of("<details", open ? " open" : "", "><summary>", summary, "</summary>\n", body, "</details>\n");
}

/// A link that saves the file it holds.
inline std::string csv_link(std::string_view file_name, const TextTable& table) {
  return text_of("<a download=\"", escaped_markup(file_name), "\" href=\"",
                 data_uri("text/csv;charset=utf-8", std::string_view(csv_text(table))), "\">CSV</a>");
}

/// A picture below its title, with words and a link under it; both are markup and may be empty.
inline std::string html_figure(std::string_view title, std::string_view svg, std::string_view caption,
                               std::string_view link) {
  std::string text = "<figure>";
  if (!title.empty()) text += text_of("<h4>", escaped_markup(title), "</h4>");
  text += svg;
  if (!caption.empty() || !link.empty()) {
    text += text_of("<figcaption>", caption, caption.empty() || link.empty() ? "" : " ", link, "</figcaption>");
  }
  return text + "</figure>\n";
}

/// What the colours of a chart's lines mean; empty labels are left out, their colours stay theirs.
inline std::string colour_key(const std::vector<std::string>& labels) {
  std::string text = "<ul class=\"key\">";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) continue;
    text += text_of("<li><i style=\"border-color:var(--s", i % 8,
                    i >= 8 ? ");border-top-style:dashed\"></i>" : ")\"></i>", escaped_markup(labels[i]), "</li>");
  }
  return text + "</ul>\n";
}

/// Items side by side as far as the page is wide.
inline std::string html_grid(const std::vector<std::string>& items, std::string_view css = {}) {
  std::string text = text_of("<div class=\"grid", css.empty() ? "" : " ", css, "\">\n");
  for (const std::string& item : items) text += "<div>" + item + "</div>\n";
  return text + "</div>\n";
}

/// A part of a page that the list of contents names.
struct PageSection {
  std::string id, title, body;
};

/// The whole page. `lead` and `footer` are markup.
inline std::string html_page(std::string_view title, std::string_view lead, const std::vector<PageSection>& sections,
                             std::string_view footer) {
  std::string text = text_of(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
      escaped_markup(title), "</title>\n<style>", detail::page_colours, detail::page_layout, detail::chart_style,
      "</style>\n</head>\n<body>\n<main>\n<header>\n<h1>", escaped_markup(title), "</h1>\n", lead,
      "<nav aria-label=\"Contents\">");
  for (const PageSection& section : sections) {
    text += text_of("<a href=\"#", section.id, "\">", escaped_markup(section.title), "</a>\n");
  }
  text += "</nav>\n</header>\n";
  for (const PageSection& section : sections) {
    text += text_of("<section id=\"", section.id, "\">\n<h2>", escaped_markup(section.title), "</h2>\n", section.body,
                    "</section>\n");
  }
  return text_of(text, "<footer>", footer, "</footer>\n</main>\n</body>\n</html>\n");
}

}  // namespace mao
