// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Few-shot draws that CoOp and its relatives have saved: `split_fewshot/shot_K-seed_S.pkl`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>
#include <mao/io/detail/pickle.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/few_shot.hpp>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace mao {

namespace detail {

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
inline PickleValue datum_attribute(const PickleValue& datum, const std::string& name, const std::string& where) {
  auto value = datum.find("_" + name);
  if (!value) value = datum.find(name);
  require<FormatError>(value.has_value(), where, " has no ", name, "; expected Dassl's Datum(impath, label, ...)");
  return *value;
}

inline std::vector<Item> items_of_pickle(const PickleValue& list, const char* split, const Dataset& dataset,
                                         const ItemFinder& finder) {
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
    items.push_back(item);
  }
  return items;
}

}  // namespace detail

/// The draw in the bytes of a pickle; `source` names it in messages. **Throws** as `read_few_shot_pickle`.
inline FewShot parse_few_shot_pickle(std::span<const char> bytes, const std::string& source, const Dataset& dataset) {
  const PickleValue file = parse_pickle(bytes, source);
  const detail::ItemFinder finder(dataset);
  require<FormatError>(file.is(PickleKind::dict) && file.find("train"), source, ": the pickle holds a ",
                       kind_name(file.kind()), "; expected a dict with \"train\" and perhaps \"val\"");
  FewShot drawn;
  drawn.train = detail::items_of_pickle(file.at("train"), "train", dataset, finder);
  if (const auto val = file.find("val")) drawn.val = detail::items_of_pickle(*val, "val", dataset, finder);
  return drawn;
}

/// Reads a saved draw of few shots of `dataset` (the whole of it: base and new classes).
///
/// The file names images by absolute paths of the machine that made it; an image is found by the longest end of its
/// path that the data set knows. Nothing in the file is executed.
///
/// **Throws** `FileError`; `FormatError` when it is not such a file; `DataError` naming an image that the data set does
/// not have in that split, or under another label.
inline FewShot read_few_shot_pickle(const std::filesystem::path& path, const Dataset& dataset) {
  const MappedFile file(path);
  return parse_few_shot_pickle(file.bytes(), path.string(), dataset);
}

/// How the draw of `shots` images per class with `seed` is called: `shot_16-seed_1.pkl`.
inline std::string few_shot_file_name(std::size_t shots, std::uint64_t seed) {
  return text_of("shot_", shots, "-seed_", seed, ".pkl");
}

}  // namespace mao
