// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/few_shot_pickle.hpp>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include <mao/config.hpp>
#include <mao/data/class_key.hpp>
#include <mao/io/detail/pickle.hpp>
#include <mao/io/files.hpp>

namespace mao::detail {

/// Finds the items of a data set by paths that were absolute on another machine.
class ItemFinder {
 public:
  explicit ItemFinder(const Dataset& dataset) : dataset_(dataset) {
    add(dataset.train, "train");
    add(dataset.val, "val");
    add(dataset.test, "test");
  }

  /// The item whose path is the longest end of `path`, when it is in that split. **Throws** `DataError`.
  [[nodiscard]] const Item& find(std::string path, const char* split, const std::string& where) const {
    std::ranges::replace(path, '\\', '/');
    for (std::size_t begin = 0; begin != std::string::npos; begin = after_slash(path, begin)) {
      const auto found = places_.find(path.substr(begin));
      if (found == places_.end()) continue;
      const Place& place = found->second;
      require<DataError>(std::string(place.split) == split, where, " is ", path, ", which is a ", place.split,
                         " image of the data set at ", dataset_.root.string(), "; the file belongs to another split");
      return *place.item;
    }
    throw DataError(text_of(where, " is ", path, ", and no image of the data set at ", dataset_.root.string(),
                            " has a path that ends so; the file belongs to another data set or split"));
  }

 private:
  struct Place {
    const Item* item;
    const char* split;
  };

  static std::size_t after_slash(const std::string& path, std::size_t begin) {
    const auto slash = path.find('/', begin);
    return slash == std::string::npos ? slash : slash + 1;
  }

  void add(const std::vector<Item>& items, const char* split) {
    for (const Item& item : items) places_.try_emplace(item.path, Place{&item, split});
  }

  const Dataset& dataset_;
  std::unordered_map<std::string, Place> places_;
};

/// The attribute of a Dassl `Datum`, which older files store without the underscore.
MAO_INLINE PickleValue datum_attribute(const PickleValue& datum, const std::string& name, const std::string& where) {
  auto value = datum.find("_" + name);
  if (!value) value = datum.find(name);
  require<FormatError>(value.has_value(), where, " has no ", name, "; expected Dassl's Datum(impath, label, ...)");
  return *value;
}

/// CoOp's prompts hold the names in its draw. Older files may have none.
MAO_INLINE void expect_class_name(const PickleValue& datum, const Item& item, const Dataset& dataset,
                                  const std::string& where) {
  auto stored = datum.find("_classname");
  if (!stored) stored = datum.find("classname");
  if (!stored) return;
  const std::string name = stored->text(), &own = dataset.classes.names[static_cast<std::size_t>(item.label)];
  require<DataError>(prompt_key(name) == prompt_key(own), where, " (", item.path, ") is of the class '", name,
                     "', which the data set at ", dataset.root.string(), " calls '", own,
                     "', so prompts would differ; use a draw of this data set, or name its classes yourself "
                     "(--classnames)");
}

MAO_INLINE std::vector<Item> items_of_pickle(const PickleValue& list, const char* split, const Dataset& dataset,
                                             const ItemFinder& finder, DrawNames names) {
  require<FormatError>(list.is(PickleKind::list), list.file(), ": \"", split, "\" is a ", kind_name(list.kind()),
                       "; expected a list of Dassl's Datum");
  std::vector<Item> items;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = text_of(list.file(), ": ", split, "[", i, "]");
    const Item& item = finder.find(datum_attribute(list[i], "impath", where).text(), split, where);
    const std::int64_t label = datum_attribute(list[i], "label", where).integer();
    require<DataError>(label == item.label, where, " (", item.path, ") has label ", label, " ('",
                       datum_attribute(list[i], "classname", where).text(), "'), but in the data set at ",
                       dataset.root.string(), " it is ", item.label, " ('",
                       dataset.classes.names[static_cast<std::size_t>(item.label)], "')");
    if (names == DrawNames::Same) expect_class_name(list[i], item, dataset, where);
    items.push_back(item);
  }
  return items;
}

/// A class without a picture would be tested and never trained; CoOp would leave it out of both halves.
MAO_INLINE void expect_every_class(const std::vector<Item>& train, const Dataset& dataset, const std::string& source) {
  std::vector<bool> seen(dataset.classes.names.size());
  for (const Item& item : train) seen.at(static_cast<std::size_t>(item.label)) = true;
  const auto absent = std::ranges::find(seen, false);
  const auto label = static_cast<std::size_t>(absent - seen.begin());
  require<DataError>(absent == seen.end(), source, ": \"train\" has no image of the class '",
                     absent == seen.end() ? "" : dataset.classes.names[label], "' (label ", label,
                     "); expected a draw of every class of the data set at ", dataset.root.string());
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE FewShot parse_few_shot_pickle(std::span<const char> bytes, const std::string& source, const Dataset& dataset,
                                         DrawNames names) {
  const PickleValue file = parse_pickle(bytes, source);
  const detail::ItemFinder finder(dataset);
  require<FormatError>(file.is(PickleKind::dict) && file.find("train"), source, ": the pickle holds a ",
                       kind_name(file.kind()), "; expected a dict with \"train\" and perhaps \"val\"");
  FewShot drawn;
  drawn.train = detail::items_of_pickle(file.at("train"), "train", dataset, finder, names);
  detail::expect_every_class(drawn.train, dataset, source);
  if (const auto val = file.find("val")) drawn.val = detail::items_of_pickle(*val, "val", dataset, finder, names);
  return drawn;
}

MAO_INLINE FewShot read_few_shot_pickle(const std::filesystem::path& path, const Dataset& dataset, DrawNames names) {
  const MappedFile file(path);
  return parse_few_shot_pickle(file.bytes(), path.string(), dataset, names);
}

}  // namespace mao
