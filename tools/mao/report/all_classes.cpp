// SPDX-License-Identifier: Apache-2.0
// One classifier for all classes in `mao report`: its figures, the bias curve, and confusions of the halves.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <mao/evaluation/metrics.hpp>
#include <mao/io/text_file.hpp>

#include <nlohmann/json.hpp>

#include "report/line_chart.hpp"
#include "report/report.hpp"
#include "report/summary_text.hpp"
#include "runs/run_details.hpp"
#include "tune/results.hpp"

namespace mao_program {

namespace {

constexpr std::array<const char*, 6> keys{"accuracy", "base", "new", "h", "openworld_auc", "ausuc"};

/// "all_classes" of a file in a folder; null when it is not there.
nlohmann::json figures_of(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return nullptr;
  std::vector<std::string> edited;  // the page names them
  const nlohmann::json object = mao::detail::read_json_file(file, edited);
  return object.value("all_classes", nlohmann::json());
}

/// The figures of a seed with those of the untuned model beside them; null where it has none.
nlohmann::json figures_of(const RunRecord& run, const SeedRecord& seed) {
  nlohmann::json figures = figures_of(seed.folder / "result.json");
  if (!figures.is_object()) return nullptr;
  if (auto untuned = figures_of(run.folder / "zero_shot.json"); untuned.is_object()) figures["zero_shot"] = untuned;
  return figures;
}

/// all_classes.json of a seed; null when it is not there. **Throws** `FormatError` when it is damaged or was edited.
nlohmann::json curves_of(const SeedRecord& seed) {
  const auto whole = [](const nlohmann::json& file) {
    require<FormatError>(file.is_object(),
                         "the content is not a JSON object; remove the file, or restore it from a copy");
    return file;
  };
  return mao::detail::read_details<nlohmann::json>(seed.folder / "all_classes.json", whole).value_or(nullptr);
}

/// Means and deviations over the seeds of runs that differ in nothing else.
void add_rows(TextTable& table, const std::string& data_set, const std::string& method,
              const std::vector<nlohmann::json>& seeds) {
  for (const auto& [key, title] : all_class_titles) {
    std::vector<std::string> row{data_set, method, title};
    for (const char* figure : keys) {
      std::vector<double> values;
      for (const auto& seed : seeds) {
        if (seed.contains(key)) values.push_back(mao::detail::number_of(seed.at(key), figure));
      }
      if (values.empty()) break;
      const MeanStd found = mean_std(values);
      const bool varies = values.size() > 1 && key != std::string_view("zero_shot");
      row.push_back(number_text(found.mean, 2) + (varies ? " ± " + number_text(found.deviation, 2) : ""));
    }
    if (row.size() == table.header.size()) table.add(std::move(row));
  }
}

/// What each classifier in the rows of the table is, in a list.
std::string classifiers_text(const TextTable& table) {
  std::string items;
  for (const auto& [key, title] : all_class_titles) {
    const bool shown = std::ranges::any_of(table.rows, [&](const auto& row) { return row.at(2) == title; });
    if (shown) items += text_of("<li>", escaped_markup(title), ": ", escaped_markup(classifier_is(key)), "</li>\n");
  }
  return "<ul class=\"note\">" + items + "</ul>\n";
}

/// New accuracy over base accuracy for every bias, of one seed.
std::string curve_figure(const std::string& title, const nlohmann::json& details) {
  LineChart chart{
      .title = title, .x_label = "correct base images, %", .y_label = "correct new images, %", .height = 260};
  for (const auto& [key, name] : all_class_titles) {
    if (!details.contains(key)) continue;
    ChartLine line{.label = name, .points = {}, .colour = chart.lines.size()};
    for (const auto& point : details.at(key).at("curve")) {
      line.points.emplace_back(point.at(0).get<double>(), point.at(1).get<double>());
    }
    std::ranges::sort(line.points);
    chart.lines.push_back(std::move(line));
  }
  return html_figure(title, line_chart(chart), "", "");
}

/// Of 100 images of each half, how many are predicted as a class of the other one.
void add_halves(TextTable& table, const std::string& title, const nlohmann::json& details) {
  for (const auto& [key, name] : all_class_titles) {
    if (!details.contains(key)) continue;
    const auto& halves = details.at(key).at("halves");
    const auto share = [&](std::size_t half) {
      const auto right = halves.at(half).at(half).get<double>(), wrong = halves.at(half).at(1 - half).get<double>();
      return number_text(right + wrong > 0 ? 100 * wrong / (right + wrong) : not_tested, 2);
    };
    table.add({title, name, share(0), share(1)});
  }
}

/// What one seed keeps beside its figures. **Throws** `FormatError` naming the file if it is damaged.
void add_details(const std::string& title, const nlohmann::json& details, const std::filesystem::path& file,
                 std::vector<std::string>& charts, TextTable& halves) {
  try {
    charts.push_back(curve_figure(title, details));
    add_halves(halves, title, details);
  } catch (const nlohmann::json::exception&) {
    throw mao::FormatError(mao::text_of(file.string(), " is damaged: a part is missing, or of another kind than mao ",
                                        "writes; without the file, the report leaves its curve out"));
  }
}

}  // namespace

std::string all_classes_section(ReportData& data) {
  TextTable figures{
      .header = {"data set", "method", "classifier", "accuracy", "base", "new", "gH", "OpenworldAUC", "AUSUC"},
      .first_number = 3};
  TextTable halves{.header = {"run", "classifier", "base predicted as new, %", "new predicted as base, %"},
                   .first_number = 2};
  std::vector<std::string> charts;
  bool several_seeds = false;
  for (const MethodSummary& method : data.summary.methods) {
    if (method.key == "zero-shot") continue;  // the rows "untuned" of the others
    for (const auto& [data_set, runs] : method.runs) {
      std::vector<nlohmann::json> seeds;
      nlohmann::json details;  // of the first seed that has them
      std::filesystem::path file;
      std::uint64_t detailed_seed = 0;
      for (const RunRecord* run : runs) {
        for (const SeedRecord& seed : run->seeds) {
          const nlohmann::json of_seed = figures_of(*run, seed), curves = curves_of(seed);
          if (!of_seed.is_object()) continue;
          seeds.push_back(of_seed);
          if (!details.is_null() || !curves.is_object()) continue;
          details = curves;
          file = seed.folder / "all_classes.json";
          detailed_seed = seed.seed;
        }
      }
      if (seeds.empty()) continue;
      add_rows(figures, data_set, method.label(), seeds);
      several_seeds = several_seeds || seeds.size() > 1;
      if (details.is_null()) continue;
      add_details(text_of(method.label(), ", ", data_set, ", seed ", detailed_seed), details, file, charts, halves);
    }
  }
  if (figures.rows.empty()) return {};
  std::string text =
      html_table(figures) + classifiers_text(figures) +
      "<p class=\"note\">All test images among all classes. gH: harmonic mean of base and new. OpenworldAUC: " +
      escaped_markup(openworld_auc_is) + ". AUSUC: " + escaped_markup(ausuc_is) +
      (several_seeds ? ". Means over seeds. " : ". ") + data.link("all classes", figures) + "</p>";
  if (charts.empty()) return text;
  text +=
      html_grid(charts) +
      "<p class=\"note\">Each line is a classifier. A bias is a number that is added to the scores of all new classes: "
      "each point of a line is another bias. The larger it is, the more images are predicted as new classes.</p>";
  return text + html_table(halves) +
         "<p class=\"note\">How often images of one half are predicted as a class of the other, without a bias. " +
         data.link("halves", halves) + "</p>";
}

}  // namespace mao_program
