// SPDX-License-Identifier: Apache-2.0
#include "labelled_images.hpp"

#include <mao/data/base_new.hpp>
#include <mao/data/open.hpp>

#include "../embedded/rendered_images.hpp"

namespace mao_program {

bool is_rendered(const std::string& data) { return data == "sketch" || data == "shifted" || data == "disjoint"; }

Dataset open_files(const DataSettings& settings) {
  FolderOptions options;
  if (!settings.classnames.empty()) options.class_names = read_class_names(settings.classnames);
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

LabelledImages rendered_half(const std::string& task, bool base, bool train, const Preprocess& preprocess, int shots,
                             std::uint64_t draw) {
  const auto& described = world::task(task);
  const auto half = base ? world::Half::Base : world::Half::New;
  const auto split = train ? world::Split::Train : world::Split::Test;
  auto images = world::rendered_images(described, half, split, preprocess, shots, draw);
  return {std::make_unique<TensorImages>(std::move(images.pixels)),
          std::move(images.labels),
          {described.class_names(half)}};
}

LabelledImages open_images(const OpenedModel& opened, const DataSettings& settings, const std::string& split,
                           const std::string& half, int threads) {
  if (is_rendered(settings.data)) {
    require<OptionError>(half != "all" && split != "val",
                         "rendered tasks have halves (--half base or new) and no validation images");
    return rendered_half(settings.data, half == "base", split == "train", opened.model->preprocess(), 0);
  }
  const Dataset all = open_files(settings);
  const Dataset chosen = half == "all" ? all : half == "base" ? base_half(all) : new_half(all);
  LoaderOptions loader;
  loader.preprocess = opened.model->preprocess();
  loader.threads = threads;
  loader.cache_bytes = 0;
  const auto& items = split == "train" ? chosen.train : split == "val" ? chosen.val : chosen.test;
  return file_images(chosen, items, loader, split + " images of " + half + " classes");
}

}  // namespace mao_program
