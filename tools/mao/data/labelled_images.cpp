// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <ATen/ops/cat.h>

#include <mao/core/detail/content_hash.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/class_key.hpp>
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

/// ` in /home/me`, where a relative path is looked up.
std::string in_current_folder(const std::string& path) {
  std::error_code unknown;
  const auto here = std::filesystem::current_path(unknown).string();
  return unknown || std::filesystem::path(path).is_absolute() ? std::string() : " in " + printable(here);
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
      is_there(settings.data), "--data ", settings.data, ": there is nothing at that path",
      in_current_folder(settings.data), ", and no data set has that name", did_you_mean(settings.data, data_names()),
      "; expected a folder of images, a split .json, a .csv, a name that `mao datasets` lists, or a task "
      "that comes with mao: sketch, shifted or disjoint");
  return with_some_image(open_own_data(settings.data, settings.classnames), settings.data);
}

/// Once for each.
void mention(const std::string& line) {
  static std::set<std::string> mentioned;
  if (mentioned.insert(line).second) std::cerr << "mao: note: " << line << std::endl;
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
  const std::string repeats = repeats_text(repeated_pictures(dataset));
  if (!repeats.empty()) mention(text_of(settings.data, ": ", repeats));
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
  std::error_code unreadable;
  if (std::filesystem::exists(task, unreadable)) {
    mention(text_of("there is also ", task, " in this folder; --data ./", task, " uses that"));
  }
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
                     "'; expected at least 2, for base and new halves; add images of other classes (mao eval --half "
                     "all takes one class too)");
  return half == Half::Base ? base_half(dataset) : new_half(dataset);
}

std::string changed_since(const nlohmann::json& files, const std::string& data, const Dataset& dataset,
                          FingerprintOf images) {
  if (!files.is_object() || !files.contains(data)) return {};
  const std::string changed = changed_among(fingerprint_of(dataset, images), files.at(data).get<DataFingerprint>());
  if (changed.empty()) return {};
  std::error_code unknown;
  const auto place = std::filesystem::absolute(is_there(data) ? data : dataset.root.string(), unknown);
  return text_of("the images of ", printable(place.lexically_normal().string()),
                 " are not those that the prompts were tuned with; different: ", changed);
}

namespace {

/// The data set with the base classes before the others, and how many they are.
struct Grouped {
  Dataset dataset;
  std::int64_t base = 0;
  bool moved = false;
};

Dataset with_classes_at(Dataset dataset, const std::vector<std::int64_t>& place) {
  const ClassList before = dataset.classes;
  for (std::size_t i = 0; i < place.size(); ++i) dataset.classes.names[place[i]] = before.names[i];
  for (auto* items : {&dataset.train, &dataset.val, &dataset.test}) {
    for (Item& item : *items) item.label = place[item.label];
  }
  return dataset;
}

/// Nothing where the prompts know none of the classes, or names stand for several classes.
std::optional<Grouped> grouped(const Dataset& dataset, const ImagesWanted& asked) {
  if (dataset.classes.same_names == SameNames::accept) return std::nullopt;
  std::set<std::string> wanted, tuned;
  for (const std::string& name : asked.base) wanted.insert(prompt_key(name));
  for (const std::string& name : asked.tuned) tuned.insert(prompt_key(name));
  std::vector<bool> is_base;
  bool known = false;
  for (const std::string& name : dataset.classes.names) {
    is_base.push_back(wanted.contains(prompt_key(name)));
    known = known || is_base.back() || tuned.contains(prompt_key(name));
  }
  const std::int64_t base = std::ranges::count(is_base, true);
  if (!known || wanted.empty()) return std::nullopt;
  std::vector<std::int64_t> place;
  std::int64_t next_base = 0, next_other = base;
  for (const bool of_base : is_base) place.push_back(of_base ? next_base++ : next_other++);
  const bool first_half = std::ranges::is_sorted(place) && base == (dataset.classes.size() + 1) / 2;
  return Grouped{with_classes_at(dataset, place), base, !first_half};
}

/// The classes among `names` that the data lacks, and what they may be called there; empty where it has all or none.
std::string note_on_missing(const ClassList& data, const std::vector<std::string>& names) {
  std::set<std::string> known, there;
  for (const std::string& name : names) known.insert(prompt_key(name));
  std::vector<std::string> others;
  for (const std::string& name : data.names) {
    there.insert(prompt_key(name));
    if (!known.contains(prompt_key(name))) others.push_back(name);
  }
  constexpr std::size_t most = 5;
  std::string text;
  std::size_t missing = 0;
  for (const std::string& name : names) {
    if (there.contains(prompt_key(name)) || ++missing > most) continue;
    text += text_of(missing == 1 ? "" : ", ", printable(name), did_you_mean(name, others));
  }
  if (missing == 0 || missing == names.size()) return {};
  return text_of("this data lacks ", missing, " of ", names.size(), " classes that the prompts were tuned for: ", text,
                 missing > most ? ", ..." : "");
}

Dataset half_of(const Grouped& grouped, Half half, const std::string& data) {
  if (half == Half::All) return grouped.dataset;
  const std::int64_t all = grouped.dataset.classes.size(), first = half == Half::Base ? 0 : grouped.base,
                     end = half == Half::Base ? grouped.base : all;
  require<DataError>(first < end, data, ": the prompts were tuned on labelled images of ",
                     half == Half::Base ? "none" : "all", " of the classes of this data (", all,
                     half == Half::Base ? "), so it has no base classes" : "), so it has no new ones",
                     "; --half all tests on all of them");
  return class_range(grouped.dataset, first, end);
}

}  // namespace

LabelledImages open_images(const OpenedModel& opened, const DataSettings& settings, const ImagesWanted& wanted,
                           int threads) {
  if (!is_rendered(settings.data)) return images_in(opened, open_files(settings), settings, wanted, threads);
  require<OptionError>(wanted.split != "val",
                       "--split val: rendered tasks have no validation images; use train or test");
  return rendered_half(settings.data, wanted.half, wanted.split == "train", opened.model->preprocess(), 0);
}

LabelledImages images_in(const OpenedModel& opened, const Dataset& files, const DataSettings& settings,
                         const ImagesWanted& wanted, int threads) {
  const auto by_name = grouped(files, wanted);
  const Dataset chosen =
      by_name ? half_of(*by_name, wanted.half, settings.data) : half_of(files, wanted.half, settings.data);
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  loader.threads = threads;
  loader.cache_bytes = 0;
  const auto& items = wanted.split == "train" ? chosen.train : wanted.split == "val" ? chosen.val : chosen.test;
  LabelledImages images = file_images(chosen, items, loader, settings.data,
                                      text_of(wanted.split, " images of ", name_of(wanted.half), " classes"));
  if (by_name && by_name->moved) {
    images.notes.emplace_back(
        "base classes are those that the prompts were tuned on with labels, wherever the data lists them");
  }
  for (const auto* names : {&wanted.base, &wanted.tuned}) {
    const std::string note = note_on_missing(files.classes, *names);
    if (!note.empty() && std::ranges::find(images.notes, note) == images.notes.end()) images.notes.push_back(note);
  }
  return images;
}

}  // namespace mao_program
