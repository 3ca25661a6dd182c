// SPDX-License-Identifier: Apache-2.0
#include "labelled_images.hpp"

#include <ATen/ops/cat.h>

#include <mao/data/base_new.hpp>
#include <mao/data/named.hpp>
#include <mao/data/open.hpp>

#include "../embedded/rendered_images.hpp"
#include "named_data.hpp"

namespace mao_program {

bool is_rendered(const std::string& data) { return data == "sketch" || data == "shifted" || data == "disjoint"; }

Dataset open_files(const DataSettings& settings) {
  FolderOptions options;
  if (!settings.classnames.empty()) options.class_names = read_class_names(settings.classnames);
  if (const NamedDataset* known = named_data(settings)) {
    return open_named(known->name, data_root(settings), options.class_names);
  }
  require<FileError>(std::filesystem::exists(settings.data), "--data ", settings.data,
                     ": there is nothing at that path, and no data set has that name; expected a folder of images, a "
                     "split .json, a .csv, or a name that `mao datasets` lists");
  return open_dataset(settings.data, options);
}

LabelledImages file_images(const Dataset& half, const std::vector<Item>& items, const LoaderOptions& loader,
                           const std::string& what) {
  require<DataError>(!items.empty(), half.root.string(), ": there are no ", what);
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

LabelledImages rendered_half(const std::string& task, const std::string& half, bool train, const Preprocess& preprocess,
                             int shots, std::uint64_t draw) {
  const auto& described = world::task(task);
  const auto split = train ? world::Split::Train : world::Split::Test;
  std::vector<Tensor> pixels;
  LabelledImages result;
  for (const auto part : {world::Half::Base, world::Half::New}) {
    if (half != "all" && (half == "base") != (part == world::Half::Base)) continue;
    const auto images = world::rendered_images(described, part, split, preprocess, shots, draw);
    const std::int64_t first = result.classes.size();
    for (const std::int64_t label : images.labels) result.labels.push_back(first + label);
    for (const std::string& name : described.class_names(part)) result.classes.names.push_back(name);
    pixels.push_back(images.pixels);
  }
  result.source = std::make_unique<TensorImages>(pixels.size() == 1 ? pixels[0] : at::cat(pixels));
  return result;
}

Dataset half_of(const Dataset& dataset, const std::string& half) {
  if (half == "all") return dataset;
  return half == "base" ? base_half(dataset) : new_half(dataset);
}

LabelledImages open_images(const OpenedModel& opened, const DataSettings& settings, const std::string& split,
                           const std::string& half, int threads) {
  if (is_rendered(settings.data)) {
    require<OptionError>(split != "val", "--split val: rendered tasks have no validation images; use train or test");
    return rendered_half(settings.data, half, split == "train", opened.model->preprocess(), 0);
  }
  const Dataset chosen = half_of(open_files(settings), half);
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  loader.threads = threads;
  loader.cache_bytes = 0;
  const auto& items = split == "train" ? chosen.train : split == "val" ? chosen.val : chosen.test;
  return file_images(chosen, items, loader, split + " images of " + half + " classes");
}

}  // namespace mao_program
