// SPDX-License-Identifier: Apache-2.0
// Mini-batches of `mao report`: hard negatives beside a shuffled batch, as Figures 5 and 6 of the paper show them.
#include <algorithm>
#include <cmath>
#include <optional>

#include "report/pca.hpp"
#include "report/report.hpp"
#include "report/scatter_chart.hpp"
#include "runs/run_details.hpp"

namespace mao_program {

namespace {

/// Images and prompts of a batch in the plane.
struct FlatBatch {
  Eigen::MatrixXd images, text;  ///< [B, 2], [H, 2]
};

Eigen::MatrixXd matrix_of(const std::vector<const std::vector<double>*>& rows, Eigen::Index width) {
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(rows.size()), width);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    matrix.row(static_cast<Eigen::Index>(r)) = Eigen::Map<const Eigen::RowVectorXd>(rows[r]->data(), width);
  }
  return matrix;
}

/// Both batches along the same two components, and the shares of variance that these explain.
///
/// Images and prompts lie far apart in CLIP's space whatever they show, so each kind is centred by its own mean first.
struct FlatBatches {
  FlatBatch hard, shuffled;
  Eigen::VectorXd explained;
};

FlatBatches flatten(const BatchPictures& batches, Eigen::Index width) {
  std::vector<const std::vector<double>*> images, text;
  for (const BatchPicture* batch : {&batches.hard, &batches.shuffled}) {
    for (const BatchImage& image : batch->images) images.push_back(&image.features);
    for (const auto& row : batch->text) text.push_back(&row);
  }
  Eigen::MatrixXd all(static_cast<Eigen::Index>(images.size() + text.size()), width);
  const Eigen::MatrixXd of_images = matrix_of(images, width), of_text = matrix_of(text, width);
  all << of_images.rowwise() - of_images.colwise().mean(), of_text.rowwise() - of_text.colwise().mean();
  const Pca pca = principal_components(all, 2);
  const Eigen::MatrixXd flat = pca.project(all);
  const auto hard_images = static_cast<Eigen::Index>(batches.hard.images.size());
  const auto hard_text = static_cast<Eigen::Index>(batches.hard.text.size());
  const Eigen::MatrixXd flat_text = flat.bottomRows(of_text.rows());
  return {
      {flat.topRows(hard_images), flat_text.topRows(hard_text)},
      {flat.middleRows(hard_images, of_images.rows() - hard_images), flat_text.bottomRows(of_text.rows() - hard_text)},
      pca.explained};
}

/// The classes of both batches: a class has the same colour in each.
std::vector<std::string> all_classes(const BatchPictures& batches) {
  std::vector<std::string> classes = batches.hard.classes;
  for (const std::string& name : batches.shuffled.classes) {
    if (std::ranges::find(classes, name) == classes.end()) classes.push_back(name);
  }
  return classes;
}

std::size_t place_of(const std::string& name, const std::vector<std::string>& names) {
  return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
}

ScatterChart batch_chart(const BatchPicture& batch, const FlatBatch& flat, const std::vector<std::string>& classes,
                         const std::string& title) {
  ScatterChart chart{.title = title,
                     .description = "Image features as dots, prompts as stars, coloured by class",
                     .x_label = "first component",
                     .y_label = "second component",
                     .groups = classes.size()};
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const std::string& name = batch.classes[batch.images[i].class_index];
    chart.points.push_back({.x = flat.images(row, 0),
                            .y = flat.images(row, 1),
                            .group = place_of(name, classes),
                            .hint = "image of " + readable(name)});
  }
  for (std::size_t c = 0; c < batch.classes.size(); ++c) {
    const auto row = static_cast<Eigen::Index>(c);
    const std::string name = readable(batch.classes[c]);
    chart.points.push_back({.x = flat.text(row, 0),
                            .y = flat.text(row, 1),
                            .group = place_of(batch.classes[c], classes),
                            .star = true,
                            .label = name,
                            .hint = "prompt of " + name});
  }
  return chart;
}

/// Classes with their colours and the first images of each.
std::string class_chips(const BatchPicture& batch, const std::vector<std::string>& classes) {
  const std::size_t room = batch.classes.size() <= 12 ? 4 : 2;
  std::string text = "<ul class=\"chips\">";
  for (std::size_t c = 0; c < batch.classes.size(); ++c) {
    std::string pictures;
    std::size_t count = 0;
    for (const BatchImage& image : batch.images) {
      if (image.class_index != c || image.thumbnail.empty() || count++ >= room) continue;
      pictures += text_of("<img src=\"", image.thumbnail, "\" alt=\"\" width=\"26\" height=\"26\">");
    }
    const std::string name = escaped_markup(readable(batch.classes[c]));
    text += text_of("<li><b style=\"--h:", coordinate(group_hue(place_of(batch.classes[c], classes), classes.size())),
                    "\"></b><span title=\"", name, "\">", name, "</span>", pictures, "</li>");
  }
  return text + "</ul>";
}

/// The mean cosine between prompts of different classes: how alike the classes of a batch are.
double mean_similarity(const BatchPicture& batch) {
  double sum = 0;
  std::size_t pairs = 0;
  for (std::size_t a = 0; a < batch.text.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b, ++pairs) {
      for (std::size_t i = 0; i < batch.text[a].size(); ++i) sum += batch.text[a][i] * batch.text[b][i];
    }
  }
  return pairs == 0 ? not_tested : sum / static_cast<double>(pairs);
}

void add_rows(TextTable& table, const std::string& kind, const BatchPicture& batch, const FlatBatch& flat) {
  const auto add = [&](const char* what, std::size_t group, const Eigen::MatrixXd& place, std::size_t i) {
    const auto row = static_cast<Eigen::Index>(i);
    table.add({kind, what, batch.classes[group], number_text(place(row, 0), 5), number_text(place(row, 1), 5)});
  };
  for (std::size_t i = 0; i < batch.images.size(); ++i) add("image", batch.images[i].class_index, flat.images, i);
  for (std::size_t c = 0; c < batch.classes.size(); ++c) add("prompt", c, flat.text, c);
}

std::string batch_figures(ReportData& data, const std::string& name, const BatchPictures& batches) {
  if (batches.hard.text.empty() || batches.shuffled.text.empty() || batches.hard.images.empty() ||
      batches.shuffled.images.empty())
    return {};
  const std::size_t width = batches.hard.text.front().size();
  if (width < 2 || batches.shuffled.text.front().size() != width) return {};
  const FlatBatches flat = flatten(batches, static_cast<Eigen::Index>(width));
  const auto classes = all_classes(batches);
  ScatterChart hard = batch_chart(batches.hard, flat.hard, classes, "Hard negatives"),
               shuffled = batch_chart(batches.shuffled, flat.shuffled, classes, "Shuffled");
  hard.least_range = shuffled.least_range = std::max(scatter_range(hard), scatter_range(shuffled));
  TextTable table{.header = {"batch", "kind", "class", "first", "second"}, .first_number = 3};
  add_rows(table, "hard negatives", batches.hard, flat.hard);
  add_rows(table, "shuffled", batches.shuffled, flat.shuffled);
  const auto caption = [](const BatchPicture& batch) {
    return text_of(batch.images.size(), " images of ", batch.classes.size(),
                   " classes; mean cosine between their prompts ", number_text(mean_similarity(batch), 3), ".");
  };
  return html_grid({html_figure("Hard negatives", scatter_chart(hard), caption(batches.hard), "") +
                        class_chips(batches.hard, classes),
                    html_figure("Shuffled", scatter_chart(shuffled), caption(batches.shuffled), "") +
                        class_chips(batches.shuffled, classes)},
                   "pair") +
         text_of(
             "<p class=\"note\">Both use the same two principal components and the same scale. The components explain ",
             number_text(100 * flat.explained.sum(), 0),
             " % of the variance; the mean of the images and that of the prompts are subtracted first. ",
             data.link("batches " + name, table), "</p>");
}

}  // namespace

std::string batches_section(ReportData& data) {
  std::vector<std::pair<std::string, std::string>> blocks;
  for (const std::string& data_set : data.all.data_sets) {
    for (const MethodSummary& method : data.all.methods) {
      const auto runs = method.runs.find(data_set);
      if (runs == method.runs.end()) continue;
      std::optional<BatchPictures> batches;  // of the first seed that has them
      for (const RunRecord* run : runs->second) {
        for (const SeedRecord& seed : run->seeds) {
          if (!batches) batches = read_batches(seed.folder);
        }
      }
      if (!batches) continue;
      const std::string name = text_of(method.label(), " on ", data_set);
      if (auto figures = batch_figures(data, name, *batches); !figures.empty())
        blocks.emplace_back(name, std::move(figures));
    }
  }
  if (blocks.empty()) return {};
  std::string text =
      "<p class=\"note\">Image features (dots) and features of the classes' prompts (stars), by the untuned model: one "
      "mini-batch with hard negatives, and one that is only shuffled. The similar classes of two images can be the "
      "same; such a batch "
      "has fewer images.</p>";
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    text +=
        blocks.size() == 1 ? blocks[i].second : html_details(escaped_markup(blocks[i].first), blocks[i].second, i == 0);
  }
  return text;
}

}  // namespace mao_program
