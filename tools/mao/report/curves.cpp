// SPDX-License-Identifier: Apache-2.0
// Curves of `mao report`: loss, accuracy and learning rate over epochs; scores over shots or K.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "report/line_chart.hpp"
#include "report/report.hpp"
#include "report/summary_text.hpp"

namespace mao_program {

namespace {

using Measure = double EpochRecord::*;

/// The epochs of one seed, its stages behind one another.
struct SeedCurve {
  std::uint64_t seed = 0;
  std::vector<EpochRecord> epochs;  ///< counted through
  std::vector<double> starts;       ///< where a later stage begins
};

std::vector<SeedCurve> curves_of(const RunRecord& run) {
  std::vector<SeedCurve> curves;
  for (const EpochRecord& line : run.epochs) {
    auto curve = std::ranges::find(curves, line.seed, &SeedCurve::seed);
    if (curve == curves.end())
      curve = curves.insert(curves.end(), SeedCurve{.seed = line.seed, .epochs = {}, .starts = {}});
    const bool first = curve->epochs.empty();
    if (!first && curve->epochs.back().stage != line.stage)
      curve->starts.push_back(static_cast<double>(curve->epochs.back().epoch));
    EpochRecord& added = curve->epochs.emplace_back(line);
    added.epoch += curve->starts.empty() ? 0 : static_cast<std::int64_t>(curve->starts.back());
  }
  return curves;
}

/// The points of one measure; the line is interrupted where a stage ends.
std::vector<std::pair<double, double>> points_of(const SeedCurve& curve, Measure measure) {
  std::vector<std::pair<double, double>> points;
  for (const EpochRecord& epoch : curve.epochs) {
    const auto x = static_cast<double>(epoch.epoch);
    if (!points.empty() && std::ranges::find(curve.starts, x - 1) != curve.starts.end())
      points.emplace_back(x - 0.5, NAN);
    points.emplace_back(x, epoch.*measure);
  }
  return points;
}

/// The mean line of several seeds; a place counts where all of them have a point.
std::vector<std::pair<double, double>> mean_of(const std::vector<ChartLine>& seeds) {
  std::map<double, std::pair<double, std::size_t>> sums;
  for (const ChartLine& line : seeds) {
    for (const auto& [x, y] : line.points) {
      sums[x].first += y;
      ++sums[x].second;
    }
  }
  std::vector<std::pair<double, double>> points;
  for (const auto& [x, sum] : sums) {
    if (sum.second == seeds.size()) points.emplace_back(x, sum.first / static_cast<double>(sum.second));
  }
  return points;
}

LineChart curve_chart(const Summary& groups, const std::string& data_set, Measure measure, const std::string& title) {
  LineChart chart{.title = title + ", " + data_set,
                  .x_label = "epoch",
                  .y_label = title,
                  .least_range = measure == &EpochRecord::accuracy ? 2.0 : 0.0,
                  .height = 210};
  std::set<double> starts;
  for (std::size_t i = 0; i < groups.methods.size(); ++i) {
    const auto runs = groups.methods[i].runs.find(data_set);
    if (runs == groups.methods[i].runs.end()) continue;
    std::vector<ChartLine> seeds;
    for (const RunRecord* run : runs->second) {
      for (const SeedCurve& curve : curves_of(*run)) {
        seeds.push_back({.label = "", .points = points_of(curve, measure), .colour = i, .faint = true});
        starts.insert(curve.starts.begin(), curve.starts.end());
      }
    }
    if (seeds.empty()) continue;
    chart.lines.push_back({.label = "", .points = mean_of(seeds), .colour = i});
    if (seeds.size() > 1) chart.lines.insert(chart.lines.end(), seeds.begin(), seeds.end());
  }
  for (const double start : starts) chart.marks.push_back({start + 0.5, starts.size() == 1 ? "new stage" : ""});
  return chart;
}

/// How many seeds of these runs have a curve.
std::size_t curve_count(const std::vector<const RunRecord*>& runs) {
  std::size_t count = 0;
  for (const RunRecord* run : runs) count += curves_of(*run).size();
  return count;
}

TextTable curve_table(const Summary& groups, const std::string& data_set) {
  TextTable table{.header = {"method", "seed", "stage", "epoch", "loss", "accuracy", "learning_rate"},
                  .first_number = 3};
  for (const MethodSummary& method : groups.methods) {
    const auto runs = method.runs.find(data_set);
    if (runs == method.runs.end()) continue;
    for (const RunRecord* run : runs->second) {
      for (const EpochRecord& epoch : run->epochs) {
        table.add({method.label(), std::to_string(epoch.seed), epoch.stage, std::to_string(epoch.epoch),
                   number_text(epoch.loss, 6), number_text(epoch.accuracy, 4), text_of(epoch.learning_rate)});
      }
    }
  }
  return table;
}

/// The names of the methods that have a curve; empty for those that have none.
std::vector<std::string> curve_labels(const Summary& groups, const std::string& data_set) {
  std::vector<std::string> labels;
  for (const MethodSummary& method : groups.methods) {
    const auto runs = method.runs.find(data_set);
    const bool drawn = runs != method.runs.end() &&
                       std::ranges::any_of(runs->second, [](const RunRecord* run) { return !run->epochs.empty(); });
    labels.push_back(drawn ? method.label() : "");
  }
  return labels;
}

}  // namespace

std::string curves_section(ReportData& data) {
  std::string text;
  for (const std::string& data_set : data.all.data_sets) {
    const TextTable table = curve_table(data.all, data_set);
    if (table.rows.empty()) continue;
    std::vector<std::string> charts;
    const std::vector<std::pair<Measure, std::string>> measures{{&EpochRecord::loss, "Loss"},
                                                                {&EpochRecord::accuracy, "Training accuracy, %"},
                                                                {&EpochRecord::learning_rate, "Learning rate"}};
    for (const auto& [measure, title] : measures) {
      charts.push_back(html_figure("", line_chart(curve_chart(data.all, data_set, measure, title)), "", ""));
    }
    const std::string body = colour_key(curve_labels(data.all, data_set)) + html_grid(charts);
    const std::string link = text_of("<p class=\"note\">", data.link("curves " + data_set, table), "</p>");
    text += data.all.data_sets.size() == 1 ? body + link
                                           : html_details(escaped_markup(data_set), body + link, text.empty());
  }
  if (text.empty()) return {};
  const bool several_seeds = std::ranges::any_of(data.all.methods, [](const MethodSummary& method) {
    return std::ranges::any_of(method.runs,
                               [](const auto& of_data_set) { return curve_count(of_data_set.second) > 1; });
  });
  return text_of("<p class=\"note\">", several_seeds ? "Means over seeds, thin lines are single seeds. " : "") +
         "Loss and accuracy are those of the classes that compete in a "
         "training batch; MAO's two stages run one after the other, and their batches differ.</p>" +
         text;
}

namespace {

/// The methods of one curve: all settings alike but one.
struct Series {
  std::string label;
  std::map<double, const MethodSummary*> points;  ///< by that setting's value
};

std::vector<Series> series_of(const Summary& summary, const std::string& setting) {
  std::map<std::string, Series> found;  // by the other settings
  for (const MethodSummary& method : summary.methods) {
    const auto value = method.settings.find(setting);
    if (value == method.settings.end() || !value->is_number() || value->get<double>() <= 0) continue;
    auto rest = method.settings;
    rest.erase(setting);
    Series& series = found[rest.dump()];
    series.label = method.title;
    series.points.emplace(value->get<double>(), &method);
  }
  std::vector<Series> result;
  for (auto& [rest, series] : found) {
    if (series.points.size() > 1) result.push_back(std::move(series));
  }
  return result;
}

/// The score that a curve shows: H, or the accuracy where there are no new classes.
double curve_score(const ScoreStatistics& scores) {
  return std::isfinite(scores.h.mean) ? scores.h.mean : scores.base.mean;
}

/// "all" where all classes were tested in one; null otherwise.
nlohmann::json classes_of(const MethodSummary& method) {
  return method.settings.value("/data/classes", nlohmann::json());
}

/// The data sets on which any of the methods was tested.
std::vector<std::string> data_sets_of(const Summary& summary, const std::vector<Series>& all) {
  std::vector<std::string> result;
  for (const std::string& data_set : summary.data_sets) {
    const bool used = std::ranges::any_of(all, [&](const Series& series) {
      return std::ranges::any_of(series.points,
                                 [&](const auto& point) { return point.second->scores.contains(data_set); });
    });
    if (used) result.push_back(data_set);
  }
  return result;
}

LineChart series_chart(const Summary& summary, const std::vector<Series>& all,
                       const std::vector<std::string>& data_sets, const std::string& title,
                       const std::string& x_label) {
  LineChart chart{.title = title, .x_label = x_label, .y_label = "Accuracy, %", .least_range = 2, .height = 220};
  std::set<double> places;
  const MethodSummary* first = all.front().points.begin()->second;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ChartLine line{.label = all[i].label, .points = {}, .colour = i, .markers = true};
    for (const auto& [value, method] : all[i].points) {
      const auto scores = average_scores(*method, data_sets);
      if (!scores) continue;
      line.points.emplace_back(std::log2(value), curve_score(*scores));
      places.insert(value);
      if (std::isfinite(scores->h.mean)) chart.y_label = "H";
    }
    chart.lines.push_back(std::move(line));
  }
  for (const double place : places) chart.x_ticks.emplace_back(std::log2(place), text_of(place));
  for (const MethodSummary& method : summary.methods) {
    if (method.key != "zero-shot" || places.size() < 2 || classes_of(method) != classes_of(*first)) continue;
    const auto scores = average_scores(method, data_sets);
    if (!scores) continue;
    const double y = curve_score(*scores);
    chart.lines.push_back({.label = method.title,
                           .points = {{std::log2(*places.begin()), y}, {std::log2(*places.rbegin()), y}},
                           .colour = 7});
  }
  return chart;
}

}  // namespace

std::string series_section(ReportData& data, const std::string& setting) {
  const auto all = series_of(data.summary, setting);
  if (all.empty()) return {};
  const std::string words = setting == "/method/k" ? "K" : "shots";
  TextTable table{.header = {"data set", "method", words, "base", "new", "h"}, .first_number = 2};
  std::vector<std::string> charts;
  const auto add = [&](const std::string& title, const std::vector<std::string>& data_sets) {
    const LineChart chart = series_chart(data.summary, all, data_sets, title, words);
    if (std::ranges::none_of(chart.lines, [](const ChartLine& line) { return line.markers && line.points.size() > 1; }))
      return;
    charts.push_back(html_figure(title, line_chart(chart), "", ""));
    for (const Series& series : all) {
      for (const auto& [value, method] : series.points) {
        const auto scores = average_scores(*method, data_sets);
        if (scores) {
          table.add({title, series.label, text_of(value), number_text(scores->base.mean, 4),
                     number_text(scores->fresh.mean, 4), number_text(scores->h.mean, 4)});
        }
      }
    }
  };
  const auto data_sets = data_sets_of(data.summary, all);
  if (data_sets.size() > 1) add(average_title(data_sets.size()), data_sets);
  for (const std::string& data_set : data_sets) add(data_set, {data_set});
  if (charts.empty()) return {};
  return html_grid(charts) + "<p class=\"note\">" + (has_several_seeds(data.summary) ? "Means over seeds. " : "") +
         data.link("curve over " + words, table) + "</p>";
}

}  // namespace mao_program
