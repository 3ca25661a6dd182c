// SPDX-License-Identifier: Apache-2.0
// Classes of `mao report`: changes against the untuned model, and confusions.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "report/bar_chart.hpp"
#include "report/heat_map.hpp"
#include "report/report.hpp"
#include "runs/run_details.hpp"

namespace mao_program {

namespace {

constexpr const char* whose_prompts =
    "With MAO, base classes are classified by the prompts of the base stage (with --steps new: of the plain method) "
    "and new classes by those of the new "
    "stage, each half alone, as in the rows (paper).";
constexpr std::size_t shown_changes = 8;  ///< of each sign
constexpr std::size_t shown_classes = 16;
constexpr std::size_t shown_pairs = 8;

/// One class: which half, and its accuracies.
struct ClassRow {
  std::string name;
  bool fresh = false;
  double zero_shot = not_tested, tuned = not_tested;

  [[nodiscard]] double change() const { return tuned - zero_shot; }
};

/// Means over seeds.
ClassAccuracies mean_accuracies(const std::vector<const RunRecord*>& runs, ClassAccuracies SeedRecord::*half) {
  std::map<std::string, std::vector<double>> values;
  for (const RunRecord* run : runs) {
    for (const SeedRecord& seed : run->seeds) {
      for (const auto& [name, accuracy] : seed.*half) {
        if (std::isfinite(accuracy)) values[name].push_back(accuracy);
      }
    }
  }
  ClassAccuracies result;
  for (const auto& [name, accuracies] : values) result[name] = mean_std(accuracies).mean;
  return result;
}

std::vector<ClassRow> class_rows(const std::vector<const RunRecord*>& runs) {
  std::vector<ClassRow> rows;
  const auto known = std::ranges::find_if(
      runs, [](const RunRecord* run) { return run->zero_shot && !run->zero_shot->base_classes.empty(); });
  const ZeroShotRecord nothing;
  const ZeroShotRecord& zero_shot = known == runs.end() ? nothing : *(*known)->zero_shot;
  const auto take = [&](const ClassAccuracies& tuned, const ClassAccuracies& before, bool fresh) {
    for (const auto& [name, accuracy] : tuned) {
      const auto found = before.find(name);
      rows.push_back({readable(name), fresh, found == before.end() ? not_tested : found->second, accuracy});
    }
  };
  take(mean_accuracies(runs, &SeedRecord::base_classes), zero_shot.base_classes, false);
  take(mean_accuracies(runs, &SeedRecord::new_classes), zero_shot.new_classes, true);
  return rows;
}

/// The largest gains and the largest losses, in falling order; empty without accuracies of the untuned model.
std::string change_chart(const std::string& label, std::vector<ClassRow> rows) {
  std::erase_if(rows, [](const ClassRow& row) { return !std::isfinite(row.change()) || row.change() == 0; });
  std::ranges::stable_sort(rows, [](const ClassRow& a, const ClassRow& b) { return a.change() > b.change(); });
  BarChart chart{.title = label,
                 .description = "Largest changes of class accuracy against the untuned model, in points"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ClassRow& row = rows[i];
    const bool shown = row.change() > 0 ? i < shown_changes : rows.size() - i <= shown_changes;
    if (!shown) continue;
    chart.bars.push_back(
        {.label = row.name,
         .value = row.change(),
         .hint = text_of(row.name, ": ", number_text(row.zero_shot, 1), " → ", number_text(row.tuned, 1)),
         .light = row.fresh});
  }
  return chart.bars.empty() ? "" : html_figure(label, bar_chart(chart), "", "");
}

/// All classes with the accuracies of all methods, base classes first.
TextTable class_table(const std::vector<std::pair<std::string, std::vector<ClassRow>>>& methods) {
  TextTable table{.header = {"class", "half", "untuned"}, .first_number = 2};
  std::map<std::pair<bool, std::string>, std::vector<std::string>> rows;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    table.header.push_back(methods[m].first);
    table.header.push_back("change");
    for (const ClassRow& row : methods[m].second) {
      auto& cells = rows[{row.fresh, row.name}];
      if (cells.empty()) cells = {row.name, row.fresh ? "new" : "base", number_text(row.zero_shot, 2)};
      cells.resize(3 + 2 * m, "–");
      cells.push_back(number_text(row.tuned, 2));
      cells.push_back(signed_text(row.change(), 2));
    }
  }
  for (auto& [key, cells] : rows) {
    cells.resize(table.header.size(), "–");
    table.add(std::move(cells));
  }
  return table;
}

}  // namespace

namespace {

/// Whether a method has several seeds on a data set, in one run or in several.
bool has_run_of_several_seeds(const ReportData& data) {
  const auto is_several = [](const auto& of_data_set) {
    std::size_t seeds = 0;
    for (const RunRecord* run : of_data_set.second) seeds += run->seeds.size();
    return seeds > 1;
  };
  return std::ranges::any_of(data.all.methods,
                             [&](const MethodSummary& method) { return std::ranges::any_of(method.runs, is_several); });
}

}  // namespace

std::string classes_section(ReportData& data) {
  std::string text;
  for (const std::string& data_set : data.all.data_sets) {
    std::vector<std::pair<std::string, std::vector<ClassRow>>> methods;
    std::vector<std::string> charts;
    for (const MethodSummary& method : data.all.methods) {
      const auto runs = method.runs.find(data_set);
      if (runs == method.runs.end()) continue;
      auto rows = class_rows(runs->second);
      if (rows.empty()) continue;
      if (auto chart = change_chart(method.label(), rows); !chart.empty()) charts.push_back(std::move(chart));
      methods.emplace_back(method.label(), std::move(rows));
    }
    if (methods.empty()) continue;
    const TextTable table = class_table(methods);
    const std::string all = html_details(text_of("Every class <span class=\"soft\">", table.rows.size(), "</span>"),
                                         html_table(table, "sticky"));
    const std::string body =
        html_grid(charts) + all + "<p class=\"note\">" + data.link("classes " + data_set, table) + "</p>";
    text += data.all.data_sets.size() == 1 ? body : html_details(escaped_markup(data_set), body, text.empty());
  }
  if (text.empty()) return {};
  return text_of("<p class=\"note\">Accuracy of a class after tuning minus that of the untuned model, in points",
                 has_run_of_several_seeds(data) ? ", means over seeds" : "",
                 ": the largest gains and the largest losses. Pale bars are new classes. ", whose_prompts, "</p>",
                 text);
}

namespace {

/// The confusion of one half, seeds added up. Nothing when no seed has it.
std::optional<HalfConfusion> added_confusion(const std::vector<const RunRecord*>& runs,
                                             HalfConfusion SeedConfusion::*half) {
  std::optional<HalfConfusion> sum;
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> counts;
  for (const RunRecord* run : runs) {
    for (const SeedRecord& seed : run->seeds) {
      const auto confusion = read_confusion(seed.folder);
      if (!confusion || (*confusion.*half).classes.empty()) continue;
      if (!sum) sum = HalfConfusion{(*confusion.*half).classes, {}};
      if (sum->classes != (*confusion.*half).classes) continue;  // other classes, as other data would have
      for (const ConfusionCount& entry : (*confusion.*half).counts)
        counts[{entry.truth, entry.predicted}] += entry.count;
    }
  }
  for (const auto& [pair, count] : counts) sum->counts.push_back({pair.first, pair.second, count});
  return sum;
}

std::vector<std::int64_t> images_of(const HalfConfusion& half) {
  std::vector<std::int64_t> images(half.classes.size(), 0);
  for (const ConfusionCount& entry : half.counts) images[entry.truth] += entry.count;
  return images;
}

/// Mistakes, the most frequent first.
std::vector<ConfusionCount> mistakes_of(const HalfConfusion& half) {
  std::vector<ConfusionCount> mistakes;
  for (const ConfusionCount& entry : half.counts) {
    if (entry.truth != entry.predicted) mistakes.push_back(entry);
  }
  std::ranges::stable_sort(mistakes, std::ranges::greater(), &ConfusionCount::count);
  return mistakes;
}

/// The classes that a map has room for: all, or those of the most frequent mistakes, pairs side by side.
std::vector<std::size_t> map_classes(const HalfConfusion& half, const std::vector<ConfusionCount>& mistakes) {
  std::vector<std::size_t> chosen;
  const auto take = [&](std::size_t index) {
    if (chosen.size() < shown_classes && std::ranges::find(chosen, index) == chosen.end()) chosen.push_back(index);
  };
  if (half.classes.size() <= shown_classes) {
    for (std::size_t i = 0; i < half.classes.size(); ++i) take(i);
  }
  for (const ConfusionCount& mistake : mistakes) take(mistake.truth), take(mistake.predicted);
  return chosen;
}

std::string confusion_map(const HalfConfusion& half, const std::vector<ConfusionCount>& mistakes,
                          const std::string& title) {
  const auto chosen = map_classes(half, mistakes);
  const auto images = images_of(half);
  HeatMap map{.title = title,
              .description = "Rows: true class, columns: prediction",
              .row_label = "true",
              .column_label = "predicted as"};
  for (const std::size_t index : chosen) map.names.push_back(readable(half.classes[index]));
  for (const ConfusionCount& entry : half.counts) {
    const auto row = std::ranges::find(chosen, entry.truth), column = std::ranges::find(chosen, entry.predicted);
    if (row == chosen.end() || column == chosen.end()) continue;
    const double share = static_cast<double>(entry.count) / static_cast<double>(images[entry.truth]);
    map.cells.push_back({static_cast<std::size_t>(row - chosen.begin()),
                         static_cast<std::size_t>(column - chosen.begin()), share,
                         text_of(readable(half.classes[entry.truth]), " predicted as ",
                                 readable(half.classes[entry.predicted]), ": ", number_text(100 * share, 1), " %")});
  }
  return "<div class=\"scroll wide\">" + heat_map(map) + "</div>";
}

/// Map and most frequent mistakes of one half.
std::string half_block(ReportData& data, const HalfConfusion& half, const std::string& title, const std::string& file) {
  const auto mistakes = mistakes_of(half);
  const auto images = images_of(half);
  TextTable top{.header = {"true class", "predicted as", "images", "share"}, .first_number = 2};
  TextTable every = top;
  for (const ConfusionCount& mistake : mistakes) {
    every.add({readable(half.classes[mistake.truth]), readable(half.classes[mistake.predicted]),
               std::to_string(mistake.count),
               number_text(100.0 * static_cast<double>(mistake.count) / static_cast<double>(images[mistake.truth]), 1) +
                   " %"});
    if (top.rows.size() < shown_pairs) top.rows.push_back(every.rows.back());
  }
  if (every.rows.empty()) return {};
  return html_figure(title, confusion_map(half, mistakes, title), html_table(top), data.link(file, every));
}

}  // namespace

std::string confusion_section(ReportData& data) {
  std::string text;
  for (const std::string& data_set : data.all.data_sets) {
    std::string body;
    for (const MethodSummary& method : data.all.methods) {
      const auto runs = method.runs.find(data_set);
      if (runs == method.runs.end()) continue;
      std::vector<std::string> halves;
      const auto base = added_confusion(runs->second, &SeedConfusion::base),
                 fresh = added_confusion(runs->second, &SeedConfusion::fresh);
      const std::string file = text_of("mistakes ", data_set, " ", method.label());
      if (base)
        halves.push_back(
            half_block(data, *base, fresh ? "Base classes" : "All classes", file + (fresh ? " base" : "")));
      if (fresh) halves.push_back(half_block(data, *fresh, "New classes", file + " new"));
      std::erase(halves, "");
      if (!halves.empty()) body += text_of("<h3>", escaped_markup(method.label()), "</h3>", html_grid(halves, "pair"));
    }
    if (body.empty()) continue;
    text += data.all.data_sets.size() == 1 ? body : html_details(escaped_markup(data_set), body, text.empty());
  }
  if (text.empty()) return {};
  return text_of("<p class=\"note\">", has_run_of_several_seeds(data) ? "Test images of all seeds. " : "",
                 whose_prompts,
                 " The darker a square, the larger its share of the row; the diagonal "
                 "(correct predictions) has another colour. If there are many classes, the map shows the ",
                 shown_classes, " with the most frequent mistakes.</p>", text);
}

}  // namespace mao_program
