// SPDX-License-Identifier: Apache-2.0
// Tables of `mao report`: scores beside the published rows, transfer, settings.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "report/bar_chart.hpp"
#include "report/comparison.hpp"
#include "report/protocol_rows.hpp"
#include "report/published.hpp"
#include "report/published_transfer.hpp"
#include "report/report.hpp"
#include "report/summary_text.hpp"
#include "runs/default_settings.hpp"

namespace mao_program {

namespace {

/// A score of a table: the mean, and below it, smaller, the deviation.
std::string score_markup(const MeanStd& value, std::size_t seeds) {
  std::string markup = number_text(value.mean, 2);
  if (std::isfinite(value.mean) && seeds > 1)
    markup += "<span class=\"dev\">± " + number_text(value.deviation, 2) + "</span>";
  return markup;
}

bool new_classes_tested(const Summary& summary) {
  return std::ranges::any_of(summary.methods, [](const MethodSummary& method) {
    return std::ranges::any_of(method.scores, [](const auto& entry) { return std::isfinite(entry.second.fresh.mean); });
  });
}

/// The rows of one card: methods and their scores on one data set, or on average.
struct CardRow {
  std::string label;
  ScoreStatistics scores;
};

std::vector<CardRow> card_rows(const Summary& summary, const std::string* data_set) {
  std::vector<CardRow> rows;
  for (const MethodSummary& method : summary.methods) {
    if (data_set == nullptr) {
      const auto average = average_scores(method, summary.data_sets);
      if (average) rows.push_back({method.label(), *average});
    } else if (const auto found = method.scores.find(*data_set); found != method.scores.end()) {
      rows.push_back({method.label(), found->second});
    }
  }
  return rows;
}

void add_published_rows(const Summary& summary, const std::vector<std::string>& data_sets, std::vector<HtmlRow>& rows) {
  std::set<std::string> seen;
  bool first = true;
  for (const MethodSummary& method : summary.methods) {
    if (!seen.insert(method.key).second) continue;
    for (const PublishedRow* row : published_of(method.key)) {
      const auto scores = published_average(*row, data_sets);
      if (!scores) continue;
      HtmlRow& added = rows.emplace_back();
      added.css = first ? "published first-published" : "published";
      first = false;
      added.cells.push_back(
          {text_of(escaped_markup(row->title), "<span class=\"from\">", escaped_markup(row->source), "</span>")});
      for (const double value : {scores->base, scores->fresh, scores->h})
        added.cells.push_back({number_text(value, 2)});
    }
  }
}

/// Our rows with the best number of each column in bold, then the published ones.
std::string score_card(const Summary& summary, const std::string* data_set, bool with_new) {
  using Score = MeanStd ScoreStatistics::*;
  const std::vector<Score> columns =
      with_new ? std::vector<Score>{&ScoreStatistics::base, &ScoreStatistics::fresh, &ScoreStatistics::h}
               : std::vector<Score>{&ScoreStatistics::base};
  const auto ours = card_rows(summary, data_set);
  std::vector<HtmlRow> rows;
  for (const CardRow& row : ours) {
    HtmlRow& added = rows.emplace_back();
    added.cells.push_back({escaped_markup(row.label)});
    for (const Score column : columns) {
      const double mean = (row.scores.*column).mean;
      const bool best = ours.size() > 1 && std::ranges::none_of(ours, [&](const CardRow& other) {
                          return number_text((other.scores.*column).mean, 2) != number_text(mean, 2) &&
                                 (other.scores.*column).mean > mean;
                        });
      added.cells.push_back(
          {score_markup(row.scores.*column, row.scores.seeds.size()), best && std::isfinite(mean) ? "best" : ""});
    }
  }
  if (rows.empty()) return {};
  if (with_new) add_published_rows(summary, data_set == nullptr ? summary.data_sets : std::vector{*data_set}, rows);
  const std::string title = data_set == nullptr ? average_title(summary.data_sets.size()) : *data_set;
  const std::vector<std::string> header =
      with_new ? std::vector<std::string>{"", "Base", "New", "H"} : std::vector<std::string>{"", "Accuracy"};
  return text_of("<h3>", escaped_markup(title), "</h3>", html_table(header, rows, 1, "scores"));
}

/// The plain method that a row with MAO was trained like: same shots, same model.
const MethodSummary* host_of(const Summary& summary, const MethodSummary& with_mao) {
  const std::string host = with_mao.key.substr(0, with_mao.key.find('+'));
  const auto same = [&](const MethodSummary& other) {
    if (other.key != host) return false;
    return std::ranges::all_of(
        std::vector<std::string>{"/data/shots", "/data/augment", "/model/model", "/model/precision"},
        [&](const auto& path) {
          return other.settings.value(path, nlohmann::json()) == with_mao.settings.value(path, nlohmann::json());
        });
  };
  const auto found = std::ranges::find_if(summary.methods, same);
  return found == summary.methods.end() ? nullptr : &*found;
}

/// What MAO adds to H on each data set.
std::string gain_charts(ReportData& data) {
  std::vector<std::string> charts;
  for (const MethodSummary& method : data.summary.methods) {
    const MethodSummary* host = method.key.ends_with("+mao") ? host_of(data.summary, method) : nullptr;
    if (host == nullptr) continue;
    BarChart chart{.title = text_of(method.label(), " against ", host->label()),
                   .description = "Difference in H by data set",
                   .decimals = 2};
    TextTable table{.header = {"data set", "difference in H"}};
    for (const std::string& data_set : data.summary.data_sets) {
      const auto mine = method.scores.find(data_set), other = host->scores.find(data_set);
      if (mine == method.scores.end() || other == host->scores.end()) continue;
      const double difference = mine->second.h.mean - other->second.h.mean;
      if (!std::isfinite(difference)) continue;
      chart.bars.push_back({.label = data_set, .value = difference});
      table.add({data_set, number_text(difference, 4)});
    }
    if (chart.bars.size() < 2) continue;
    std::string caption = "H with MAO minus H without, in points.";
    const auto compared = compare_methods(method, *host);
    if (!compared.empty() && compared.back().score == "H") {
      caption +=
          text_of(" Over ", compared.back().data_sets, " data sets: ", signed_text(compared.back().difference, 2),
                  " on average, signed-rank p = ", number_text(compared.back().ranks.two_sided, 3), ".");
    }
    charts.push_back(html_figure(chart.title, bar_chart(chart), caption, data.link("gain " + method.label(), table)));
  }
  return charts.empty() ? "" : "<h3>What MAO adds</h3>" + html_grid(charts);
}

}  // namespace

std::string ReportData::link(const std::string& what, const TextTable& table) {
  std::string name;
  for (const char c : what) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!plain && !name.empty() && name.back() != '-') name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  std::string unique = name;
  for (int number = 2; tables.contains(unique + ".csv"); ++number) unique = text_of(name, "-", number);
  tables[unique + ".csv"] = table;
  return csv_link(unique + ".csv", table);
}

namespace {

/// Those methods whose runs tested all classes in one, or those that tested base and new classes, with their data sets.
Summary part_of(const Summary& summary, bool all_classes) {
  Summary part;
  for (const MethodSummary& method : summary.methods) {
    if ((method.settings.value("/data/classes", nlohmann::json()) == "all") == all_classes)
      part.methods.push_back(method);
  }
  for (const std::string& data_set : summary.data_sets) {
    const bool used = std::ranges::any_of(
        part.methods, [&](const MethodSummary& method) { return method.scores.contains(data_set); });
    if (used) part.data_sets.push_back(data_set);
  }
  return part;
}

/// What the words behind the name of a method mean, and "untuned".
std::string row_notes(const Summary& summary) {
  const auto has = [&](const char* words) {
    return std::ranges::any_of(summary.methods,
                               [&](const MethodSummary& method) { return method.title.ends_with(words); });
  };
  std::string note;
  if (has("untuned")) note += " untuned: the model with hand-written prompts (zero-shot).";
  if (!has("(paper)")) return note;
  note += text_of(" (paper): Base with the prompts of the ", has("(first stage only)") ? "first" : "base",
                  " stage, New with those of the new stage.");
  if (has("(single)")) note += " (single): both with the prompts of the new stage.";
  if (has("(base stage only)")) note += " (base stage only): both with the prompts of the base stage.";
  if (has("(first stage only)")) note += " (first stage only): both with the prompts of the plain method.";
  return note;
}

std::string score_cards(const Summary& methods) {
  const Summary summary = with_protocol_rows(methods);
  const bool with_new = new_classes_tested(summary);
  std::vector<std::string> cards;
  if (summary.data_sets.size() > 1) cards.push_back(score_card(summary, nullptr, with_new));
  for (const std::string& data_set : summary.data_sets) cards.push_back(score_card(summary, &data_set, with_new));
  std::erase(cards, "");
  std::string note =
      with_new
          ? "Accuracy in percent on the training classes (Base), on the new classes (New), and their harmonic mean "
            "(H). An average's H is that of the averages."
          : "Accuracy in percent on all classes.";
  note += row_notes(summary);
  note += has_several_seeds(summary)
              ? " H is that of the means over seeds, as in the papers; below is the standard deviation over "
                "seeds. The"
              : " The";
  note += " best of each column is in bold.";
  const bool published =
      std::ranges::any_of(cards, [](const std::string& card) { return card.find("first-published") != card.npos; });
  if (published) {
    note +=
        " Grey rows are as published, with CLIP ViT-B/16 and 16 shots, averaged over the same data sets; compare them "
        "only with runs of that model.";
  }
  return text_of("<p class=\"note\">", note, "</p>", html_grid(cards));
}

}  // namespace

std::string overview_section(ReportData& data) {
  const Summary base_new = part_of(data.summary, false), all_classes = part_of(data.summary, true);
  if (base_new.data_sets.empty() && all_classes.data_sets.empty()) return {};
  std::string text;
  if (!base_new.data_sets.empty()) text += score_cards(base_new) + gain_charts(data);
  if (!text.empty() && !all_classes.data_sets.empty()) text += "<h3>All classes</h3>";
  if (!all_classes.data_sets.empty()) text += score_cards(all_classes);
  return text_of(text, "<p class=\"note\">All figures: ",
                 data.link("scores", score_columns(with_protocol_rows(data.summary))), "</p>");
}

namespace {

/// Published rows of the same methods, where the source is ImageNet and the targets are theirs.
void add_published_transfers(const TransferTable& transfer, std::vector<HtmlRow>& rows) {
  if (transfer.source != "ImageNet") return;
  std::set<std::string> seen;
  bool first = true;
  for (const TransferRow& ours : transfer.rows) {
    if (!seen.insert(ours.key).second) continue;
    for (const PublishedTargets& row : published_targets_of(ours.key, transfer.targets)) {
      HtmlRow& added = rows.emplace_back();
      added.css = first ? "published first-published" : "published";
      first = false;
      added.cells = {
          {text_of(escaped_markup(row.title), "<span class=\"from\">", escaped_markup(row.source), "</span>")},
          {number_text(row.imagenet, 2)}};
      for (const double accuracy : row.targets) added.cells.push_back({number_text(accuracy, 2)});
      added.cells.push_back({number_text(mean_std(row.targets).mean, 2)});
    }
  }
}

}  // namespace

std::string transfer_section(ReportData& data) {
  std::string text;
  for (const TransferTable& transfer : data.transfers) {
    TextTable table = transfer_text(transfer);
    std::vector<HtmlRow> rows;
    for (const TransferRow& row : transfer.rows) {
      const auto seeds = static_cast<std::size_t>(row.seeds);
      HtmlRow& added = rows.emplace_back();
      added.cells = {{escaped_markup(row.method)}, {score_markup(row.source, seeds)}};
      for (const std::string& target : transfer.targets) {
        const auto found = row.targets.find(target);
        added.cells.push_back({found == row.targets.end() ? "–" : score_markup(found->second, seeds)});
      }
      added.cells.push_back({number_text(target_average(row, transfer.targets).value_or(not_tested), 2)});
    }
    const std::size_t own = rows.size();
    add_published_transfers(transfer, rows);
    text +=
        text_of("<h3>Tuned on ", escaped_markup(transfer.source), "</h3>", html_table(table.header, rows, 1, "sticky"),
                "<p class=\"note\">Accuracy in percent; the average is only over the targets. ",
                rows.size() > own ? "Grey rows are as published, with CLIP ViT-B/16 and 16 shots. " : "",
                data.link("transfer from " + transfer.source, table), "</p>");
  }
  return text;
}

namespace {

/// The setting at `path` of a run as an option has it, in words where it was left at its default.
std::string setting_text(const RunRecord& run, const nlohmann::json& flat, const std::string& path) {
  const nlohmann::json value = flat.value(path, nlohmann::json());
  if (value.is_null()) return "";
  if (path == "/method/steps" && value == "joined") return "both, with --recipe all-classes";
  if (path == "/method/steps" && value == "joined-new") return "new, with --recipe all-classes";
  if (value.is_string()) return value.get<std::string>();
  if (path == "/data/views" && value == 0) return "not set";  // without augmentation it has no effect
  const std::string words = default_words(path, value, run.settings.at("method"));
  return words.empty() ? value.dump() : words;
}

/// The option behind the setting at `path`: `--new-lr` for `/method/new_lr`, `--set weight` for
/// `/method/options/weight`. What no option sets is named in words.
std::string setting_name(const std::string& path) {
  static const std::map<std::string, std::string> others{
      {"/data/classes", "--class-split"}, {"/method/name", "--method"}, {"/method/zero_shot_template", "--template"}};
  if (const auto other = others.find(path); other != others.end()) return other->second;
  const std::string chosen = "/method/options/";
  if (path.starts_with(chosen)) return "--set " + path.substr(chosen.size());
  const bool is_option = path.starts_with("/model/") || path.starts_with("/data/") || path.starts_with("/method/") ||
                         path.starts_with("/targets/");
  std::string name = path.substr(path.starts_with("/targets/") || !is_option ? 1 : path.find('/', 1) + 1);
  if (is_option) name = "--" + name;
  std::ranges::replace(name, '_', is_option ? '-' : ' ');
  std::ranges::replace(name, '/', ' ');  // one of several values
  return name;
}

std::string seeds_text(const RunRecord& run) {
  std::string text;
  for (const SeedRecord& seed : run.seeds) text += (text.empty() ? "" : ", ") + std::to_string(seed.seed);
  return text;
}

}  // namespace

std::string settings_section(ReportData& data) {
  std::set<std::string> paths;
  std::vector<nlohmann::json> flat;
  for (const RunRecord& run : data.runs) {
    flat.push_back(run.settings.flatten());
    for (const auto& [path, value] : flat.back().items()) {
      if (path.rfind("/seeds", 0) != 0) paths.insert(path);
    }
  }
  TextTable common{.header = {"setting", "value"}, .first_number = 2};
  TextTable each{.header = {"run", "seeds done"}};
  std::vector<std::string> differing;
  for (const std::string& path : paths) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < flat.size(); ++i) values.push_back(setting_text(data.runs[i], flat[i], path));
    const std::string& value = values.front();
    const bool same = std::ranges::count(values, value) == static_cast<std::ptrdiff_t>(values.size());
    if (!same) differing.push_back(path);
    if (same && !value.empty()) common.add({setting_name(path), value});
  }
  for (const std::string& path : differing) each.header.push_back(setting_name(path));
  each.first_number = each.header.size();
  for (std::size_t i = 0; i < flat.size(); ++i) {
    std::vector<std::string> row{data.runs[i].folder.string() + (data.runs[i].finished ? "" : " (unfinished)"),
                                 seeds_text(data.runs[i])};
    for (const std::string& path : differing) row.push_back(setting_text(data.runs[i], flat[i], path));
    each.add(std::move(row));
  }
  std::string text = html_table(each);
  if (data.runs.size() > 1)
    text += text_of("<p class=\"note\">Settings that differ between runs have their own columns. ",
                    data.link("runs", each), "</p>");
  const std::string title = data.runs.size() > 1 ? "Settings that all runs share" : "All settings";
  return text + html_details(text_of(title, " <span class=\"soft\">", common.rows.size(), "</span>"),
                             html_table(common), data.runs.size() == 1);
}

}  // namespace mao_program
