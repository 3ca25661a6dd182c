// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <ATen/ops/cat.h>

#include <mao/core/detail/content_hash.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/named.hpp>
#include <mao/data/open.hpp>
#include <mao/embedded/rendered_images.hpp>
#include <mao/io/files.hpp>
#include <mao/core/detail/ops.hpp>

#include <nlohmann/json.hpp>

#include "data/labelled_images.hpp"
#include "data/named_data.hpp"
#include "datasets/duplicate_files.hpp"
#include "nearest_name.hpp"
#include "runs/data_fingerprint.hpp"
#include "tune/known_names.hpp"

namespace mao_program {

bool is_rendered(const std::string& data) { return is_one_of(rendered_data_names(), data); }

namespace {

bool is_there(const std::string& path) {
  std::error_code no_such_name;
  return std::filesystem::exists(path, no_such_name);
}

/// ` 'dgo' (did you mean dog?)`: the class that has no name in a class-name file, and the name in it that may be its
/// own; empty where no name is like it, or where `data` cannot be read at all.
std::string misspelt_class(const std::string& data, const ClassNames& names) {
  std::vector<std::string> classes, unused;
  try {
    classes = open_dataset(data).classes.names;
  } catch (const Error&) {
    return {};
  }
  for (const auto& [name, readable] : names) {
    if (std::ranges::find(classes, name) == classes.end()) unused.push_back(name);
  }
  for (const std::string& name : classes) {
    if (names.contains(name)) continue;
    const auto near = nearest_name(name, unused);
    return near ? text_of("'", printable(*near), "'", did_you_mean(*near, {name})) : std::string();
  }
  return {};
}

/// **Throws** `FileError` when none of the images is there. A few that are missing are for `mao datasets check` to
/// list.
Dataset with_some_image(Dataset dataset, const std::string& data) {
  const auto has_file = [&](const Item& item) { return is_there((dataset.root / item.path).string()); };
  for (const auto* split : {&dataset.train, &dataset.val, &dataset.test}) {
    if (std::ranges::any_of(*split, has_file)) return dataset;
  }
  if (dataset.train.empty()) return dataset;
  const std::filesystem::path some = dataset.root / dataset.train.front().path;
  throw FileError(text_of("none of the images of ", data, " is there, for example ", some.string(),
                          "; paths in a table are relative to the table's folder"));
}

Dataset read_files(const DataSettings& settings) {
  if (const NamedDataset* known = named_data(settings)) {
    const ClassNames names = settings.classnames.empty() ? ClassNames() : read_class_names(settings.classnames);
    return open_named(known->name, data_root(settings), names);
  }
  require<FileError>(
      is_there(settings.data), "--data ", settings.data,
      ": there is nothing at that path, and no data set has that name", did_you_mean(settings.data, data_names()),
      "; expected a folder of images, a split .json, a .csv, a name that `mao datasets` lists, or a task "
      "that comes with mao: sketch, shifted or disjoint");
  return with_some_image(open_own_data(settings.data, settings.classnames), settings.data);
}

/// Once for each data set.
void mention_repeats(const std::string& data, const Dataset& dataset) {
  static std::set<std::string> mentioned;
  const std::string repeats = repeats_text(repeated_pictures(dataset));
  if (!repeats.empty() && mentioned.insert(data).second) std::cerr << "mao: note: " << data << ": " << repeats << "\n";
}

}  // namespace

Dataset open_own_data(const std::string& data, const std::string& classnames) {
  FolderOptions options;
  if (!classnames.empty()) options.class_names = read_class_names(classnames);
  try {
    return open_dataset(data, options);
  } catch (const DataError& error) {
    const std::string misspelt = misspelt_class(data, options.class_names);
    if (options.class_names.empty() || misspelt.empty()) throw;
    throw DataError(text_of("--classnames ", classnames, ": there is no class ", misspelt, "\n", error.what()));
  }
}

Dataset open_files(const DataSettings& settings) {
  Dataset dataset = read_files(settings);
  mention_repeats(settings.data, dataset);
  return dataset;
}

namespace {

/// The draws that `--shots-file` names.
std::string saved_draws_hash(const RunSettings& settings, const Dataset& dataset) {
  detail::ContentHash hash;
  for (const std::uint64_t seed : settings.seeds) {
    const std::int64_t shot_seed = settings.data.shot_seed;
    const FewShot drawn =
        few_shot_of(settings.data, dataset, shot_seed > 0 ? static_cast<std::uint64_t>(shot_seed) : seed);
    for (const Item& item : drawn.train) hash.add(item.path);
  }
  return hash.text();
}

/// The hash of a setting's file; null where the setting names none.
nlohmann::json content_of(const std::string& setting) {
  std::error_code no_such_name;
  if (!std::filesystem::is_regular_file(setting, no_such_name)) return nullptr;
  detail::ContentHash hash;
  hash.add(read_text_file(setting));
  return hash.text();
}

}  // namespace

nlohmann::json fingerprint_of_files(const RunSettings& settings) {
  nlohmann::json all;
  std::vector<std::string> names{settings.data.data};
  names.insert(names.end(), settings.targets.begin(), settings.targets.end());
  for (const std::string& name : names) {
    if (is_rendered(name)) continue;
    DataSettings one = settings.data;
    one.data = name;
    const Dataset dataset = open_files(one);
    DataFingerprint parts = fingerprint_of(dataset);
    if (name == settings.data.data && !one.shots_file.empty()) {
      parts["saved few-shot draws"] = saved_draws_hash(settings, dataset);
    }
    all[name] = parts;
  }
  std::map<std::string, std::string> files{{"--template", settings.method.zero_shot_template},
                                           {"--similarity", settings.method.similarity}};
  const auto descriptions = settings.method.options.find("descriptions");
  if (descriptions != settings.method.options.end()) files["--set descriptions"] = descriptions->second;
  for (const auto& [option, setting] : files) {
    if (auto hash = content_of(setting); !hash.is_null()) all[option] = {{"file content", std::move(hash)}};
  }
  return all;
}

std::string changed_files(const nlohmann::json& before, const nlohmann::json& now) {
  nlohmann::json all = before.is_object() ? before : nlohmann::json::object();
  if (now.is_object()) all.update(now);
  const auto parts_of = [](const nlohmann::json& side, const std::string& name) {
    return side.is_object() ? side.value(name, DataFingerprint()) : DataFingerprint();
  };
  std::string text;
  for (const auto& [name, unused] : all.items()) {
    const std::string parts = changed_parts(parts_of(before, name), parts_of(now, name));
    if (!parts.empty()) text += (text.empty() ? "of " : "; of ") + name + ": " + parts;
  }
  return text;
}

LabelledImages file_images(const Dataset& half, const std::vector<Item>& items, const LoaderOptions& loader,
                           const std::string& data, const std::string& what) {
  require<DataError>(!items.empty(), data, ": there are no ", what);
  LabelledImages result{.source = nullptr, .labels = {}, .classes = half.classes, .root = half.root};
  std::vector<std::filesystem::path> paths;
  for (const Item& item : items) {
    paths.push_back(half.root / item.path);
    result.files.push_back(item.path);
    result.labels.push_back(item.label);
  }
  result.source = std::make_unique<FileImages>(std::move(paths), loader);
  return result;
}

LabelledImages rendered_half(const std::string& task, Half half, bool train, const Preprocess& preprocess, int shots,
                             std::uint64_t draw) {
  const auto& described = embedded::task(task);
  const auto split = train ? embedded::Split::Train : embedded::Split::Test;
  std::vector<Tensor> pixels;
  LabelledImages result;
  for (const auto part : {embedded::Half::Base, embedded::Half::New}) {
    if (half != Half::All && (half == Half::Base) != (part == embedded::Half::Base)) continue;
    const auto images = embedded::rendered_images(described, part, split, preprocess, shots, draw);
    const std::int64_t first = result.classes.size();
    for (const std::int64_t label : images.labels) result.labels.push_back(first + label);
    for (const std::string& name : described.class_names(part)) result.classes.names.push_back(name);
    pixels.push_back(images.pixels);
  }
  result.source = std::make_unique<TensorImages>(pixels.size() == 1 ? pixels[0] : at::cat(pixels));
  return result;
}

Dataset half_of(const Dataset& dataset, Half half, const std::string& data) {
  if (half == Half::All) return dataset;
  require<DataError>(dataset.classes.size() >= 2, data, ": there is only the class '",
                     printable(dataset.classes.names.front()),
                     "'; expected at least 2, for base and new halves. Add images of other classes, or use all classes "
                     "as one list: mao tune --class-split all, mao eval --half all");
  return half == Half::Base ? base_half(dataset) : new_half(dataset);
}

LabelledImages open_images(const OpenedModel& opened, const DataSettings& settings, const std::string& split, Half half,
                           int threads) {
  if (is_rendered(settings.data)) {
    require<OptionError>(split != "val", "--split val: rendered tasks have no validation images; use train or test");
    return rendered_half(settings.data, half, split == "train", opened.model->preprocess(), 0);
  }
  const Dataset chosen = half_of(open_files(settings), half, settings.data);
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  loader.threads = threads;
  loader.cache_bytes = 0;
  const auto& items = split == "train" ? chosen.train : split == "val" ? chosen.val : chosen.test;
  return file_images(chosen, items, loader, settings.data, text_of(split, " images of ", name_of(half), " classes"));
}

}  // namespace mao_program
