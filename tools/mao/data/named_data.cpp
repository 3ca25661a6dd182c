// SPDX-License-Identifier: Apache-2.0
#include "data/named_data.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include <mao/core/detail/ops.hpp>
#include <mao/data/few_shot_pickle.hpp>
#include <mao/io/text_file.hpp>
#include <mao/prompts/template_file.hpp>

namespace mao_program {

namespace {

namespace fs = std::filesystem;

std::string root_of(const DataSettings& settings) {
  if (!settings.root.empty()) return settings.root;
  const char* environment = std::getenv("MAO_DATA");
  return environment != nullptr ? environment : "";
}

/// The registered data set that a name means, or a folder that is called as CoOp calls it.
const NamedDataset* meant_by(const std::string& data) {
  if (const NamedDataset* known = find_named(data)) return known;
  const fs::path path = fs::path(data).lexically_normal();
  const std::string folder = (path.has_filename() ? path : path.parent_path()).filename().string();
  const auto found =
      std::ranges::find_if(named_datasets, [&](const NamedDataset& known) { return known.folder == folder; });
  return found == named_datasets.end() ? nullptr : &*found;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// The folder in which CoOp keeps its draws.
fs::path saved_draws(const DataSettings& settings) {
  if (const NamedDataset* known = named_data(settings)) return data_root(settings) / known->folder / "split_fewshot";
  const fs::path path(settings.data);
  return (fs::is_directory(path) ? path : path.parent_path()) / "split_fewshot";
}

/// The paths of the items, in any order.
std::vector<std::string> sorted_paths(const std::vector<Item>& items) {
  std::vector<std::string> paths;
  for (const Item& item : items) paths.push_back(item.path);
  std::ranges::sort(paths);
  return paths;
}

/// A saved draw has the names of the data set, unless `--classnames` gives others.
FewShot saved_draw(const DataSettings& settings, const fs::path& file, const Dataset& dataset) {
  return read_few_shot_pickle(file, dataset, settings.classnames.empty() ? DrawNames::Same : DrawNames::Any);
}

/// A saved draw that is not used, unless it is ours.
void mention_saved_draw(const DataSettings& settings, const Dataset& dataset, std::uint64_t seed, const FewShot& ours) {
  static std::set<fs::path> mentioned;
  const fs::path file = saved_draws(settings) / few_shot_file_name(static_cast<std::size_t>(settings.shots), seed);
  if (!fs::exists(file) || !mentioned.insert(file).second) return;
  std::string difference = "holds other images";
  try {
    if (sorted_paths(saved_draw(settings, file, dataset).train) == sorted_paths(ours.train)) return;
  } catch (const Error& error) {
    difference = text_of("cannot be used: ", error.what());
  }
  std::cerr << "mao: " << file.string() << " " << difference
            << "; mao's own draw is used (--shots-file saved uses that one)\n";
}

/// The largest number of images of a class.
std::int64_t most_of_a_class(const std::vector<Item>& items) {
  std::map<std::int64_t, std::int64_t> counts;
  std::int64_t most = 0;
  for (const Item& item : items) most = std::max(most, ++counts[item.label]);
  return most;
}

/// Tables have a run under `--shots`, whatever its draw holds.
void mention_other_shots(const FewShot& saved, const Dataset& dataset, int shots, const std::string& file) {
  static std::set<std::string> mentioned;
  const std::int64_t held = most_of_a_class(saved.train);
  const std::int64_t expected = std::min<std::int64_t>(shots, most_of_a_class(dataset.train));
  if (held == expected || !mentioned.insert(file).second) return;
  std::cerr << "mao: " << file << " holds " << held << " images per class, and tables will say " << shots
            << "; give --shots " << held << "\n";
}

}  // namespace

const NamedDataset* named_data(const DataSettings& settings) {
  if (root_of(settings).empty() && fs::exists(settings.data)) return nullptr;
  return find_named(settings.data);
}

fs::path data_root(const DataSettings& settings) {
  const std::string root = root_of(settings);
  require<OptionError>(!root.empty(), "--data ", settings.data,
                       " names a data set, so --root (or MAO_DATA in the environment) has to say which folder holds "
                       "the data sets; `mao datasets` lists their names and folders");
  return root;
}

std::vector<std::string> zero_shot_templates(const std::string& setting, const std::string& data) {
  if (setting == "auto") {
    const NamedDataset* known = meant_by(data);
    return {known != nullptr ? std::string(known->zero_shot_template) : "a photo of a {}."};
  }
  if (setting.find("{}") != std::string::npos) {
    std::vector<std::string> sentences = lines_of(setting);
    std::erase(sentences, "");
    return sentences;
  }
  require<OptionError>(
      fs::is_regular_file(setting), "--template ", setting,
      ": expected a sentence with {} for the class name, a file with one such sentence a line, or auto");
  return read_templates(setting);
}

std::string without_template_file(const std::string& setting) {
  if (setting == "auto" || setting.find("{}") != std::string::npos) return setting;
  std::string all;
  for (const std::string& sentence : read_templates(setting)) all += (all.empty() ? "" : "\n") + sentence;
  return all;
}

FewShot few_shot_of(const DataSettings& settings, const Dataset& dataset, std::uint64_t seed) {
  if (settings.shots_file.empty()) {
    FewShot ours = draw_few_shot(dataset, static_cast<std::size_t>(settings.shots), seed);
    mention_saved_draw(settings, dataset, seed, ours);
    return ours;
  }
  const std::string pattern = settings.shots_file == "saved"
                                  ? (saved_draws(settings) / "shot_{shots}-seed_{seed}.pkl").string()
                                  : settings.shots_file;
  const std::string file =
      replaced(replaced(pattern, "{seed}", std::to_string(seed)), "{shots}", std::to_string(settings.shots));
  FewShot saved = saved_draw(settings, file, dataset);
  mention_other_shots(saved, dataset, settings.shots, file);
  return saved;
}

}  // namespace mao_program
