// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The fifteen data sets of the literature on prompt tuning: names, folders, counts, zero-shot templates.

#include <array>
#include <cstdint>
#include <string_view>

namespace mao {

/// The layout of a data set on disk.
enum class DatasetLayout {
  split_json,        ///< a split file that lists all images
  aircraft,          ///< variants.txt and images_variant_{train,val,test}.txt
  imagenet,          ///< classnames.txt and images/{train,val}/WNID; val is for testing
  imagenet_numbers,  ///< only for testing: one folder per label, 0 to 999
  imagenet_wnids,    ///< only for testing: one folder per class of ImageNet
  imagenet_subset    ///< only for testing: folders of some classes of ImageNet; only these are candidates
};

/// Numbers of classes and images; 0: not stated, or none.
struct DatasetCounts {
  std::int64_t classes = 0;
  std::int64_t train = 0;
  std::int64_t val = 0;
  std::int64_t test = 0;
  std::int64_t base_test = 0;       ///< test images of the first half of the classes
  std::int64_t new_test = 0;        ///< test images of the second half
  std::int64_t test_per_class = 0;  ///< if it is the same for all classes and the images are not listed

  /// The larger half if the number of classes is odd.
  [[nodiscard]] constexpr std::int64_t base_classes() const { return (classes + 1) / 2; }
  [[nodiscard]] constexpr std::int64_t new_classes() const { return classes / 2; }
};

/// A data set that is known by name.
struct NamedDataset {
  std::string_view name;      ///< for the command line; also the name of CoOp's configuration file
  std::string_view title;     ///< for tables
  std::string_view registry;  ///< the name of Dassl's reader
  std::string_view alias;     ///< another common spelling
  std::string_view about;     ///< the content of the pictures
  std::string_view folder;    ///< below the root of all data sets
  std::string_view images;    ///< below `folder`; empty: the folder itself
  std::string_view split;     ///< the file with the list of images, below `folder`
  DatasetLayout layout = DatasetLayout::split_json;
  DatasetCounts counts;
  std::string_view zero_shot_template = "a photo of a {}.";

  /// True for ImageNet's variants, which have no training images.
  [[nodiscard]] constexpr bool only_tested() const { return counts.train == 0; }
};

// clang-format off
/// All of them, in the order of the papers' tables, ImageNet's variants last.
///
/// **Source** CoOp's readers and the split files published with it; counts of the variants: their authors.
inline constexpr std::array<NamedDataset, 15> named_datasets{{
    {"imagenet", "ImageNet", "ImageNet", "imagenet1k", "objects", "imagenet", "images", "classnames.txt",
     DatasetLayout::imagenet, {1000, 1'281'167, 50'000, 50'000, 25'000, 25'000, 50}},
    {"caltech101", "Caltech101", "Caltech101", "caltech", "objects", "caltech-101", "101_ObjectCategories",
     "split_zhou_Caltech101.json", DatasetLayout::split_json, {100, 4'128, 1'649, 2'465, 1'549, 916}},
    {"oxford_pets", "OxfordPets", "OxfordPets", "pets", "breeds of cats and dogs", "oxford_pets", "images",
     "split_zhou_OxfordPets.json", DatasetLayout::split_json, {37, 2'944, 736, 3'669, 1'881, 1'788},
     "a photo of a {}, a type of pet."},
    {"stanford_cars", "StanfordCars", "StanfordCars", "cars", "models of cars", "stanford_cars", "",
     "split_zhou_StanfordCars.json", DatasetLayout::split_json, {196, 6'509, 1'635, 8'041, 4'002, 4'039}},
    {"oxford_flowers", "Flowers102", "OxfordFlowers", "flowers", "flowers", "oxford_flowers", "jpg",
     "split_zhou_OxfordFlowers.json", DatasetLayout::split_json, {102, 4'093, 1'633, 2'463, 1'053, 1'410},
     "a photo of a {}, a type of flower."},
    {"food101", "Food101", "Food101", "food", "dishes", "food-101", "images", "split_zhou_Food101.json",
     DatasetLayout::split_json, {101, 50'500, 20'200, 30'300, 15'300, 15'000}, "a photo of {}, a type of food."},
    {"fgvc_aircraft", "FGVCAircraft", "FGVCAircraft", "aircraft", "variants of aircraft", "fgvc_aircraft", "images",
     "variants.txt", DatasetLayout::aircraft, {100, 3'334, 3'333, 3'333, 1'666, 1'667},
     "a photo of a {}, a type of aircraft."},
    {"sun397", "SUN397", "SUN397", "sun", "scenes", "sun397", "SUN397", "split_zhou_SUN397.json",
     DatasetLayout::split_json, {397, 15'880, 3'970, 19'850, 9'950, 9'900}},
    {"dtd", "DTD", "DescribableTextures", "textures", "textures", "dtd", "images",
     "split_zhou_DescribableTextures.json", DatasetLayout::split_json, {47, 2'820, 1'128, 1'692, 864, 828},
     "{} texture."},
    {"eurosat", "EuroSAT", "EuroSAT", "eurosat", "land seen by a satellite", "eurosat", "2750",
     "split_zhou_EuroSAT.json", DatasetLayout::split_json, {10, 13'500, 5'400, 8'100, 4'200, 3'900},
     "a centered satellite photo of {}."},
    {"ucf101", "UCF101", "UCF101", "ucf", "actions, a frame of each video", "ucf101", "UCF-101-midframes",
     "split_zhou_UCF101.json", DatasetLayout::split_json, {101, 7'639, 1'898, 3'783, 1'934, 1'849},
     "a photo of a person doing {}."},
    {"imagenetv2", "ImageNetV2", "ImageNetV2", "imagenetv2", "ImageNet's classes, photographs collected again",
     "imagenetv2", "imagenetv2-matched-frequency-format-val", "classnames.txt", DatasetLayout::imagenet_numbers,
     {1000, 0, 0, 10'000, 5'000, 5'000, 10}},
    {"imagenet_sketch", "ImageNet-Sketch", "ImageNetSketch", "sketches", "ImageNet's classes, drawn",
     "imagenet-sketch", "images", "classnames.txt", DatasetLayout::imagenet_wnids, {1000, 0, 0, 50'889}},
    {"imagenet_a", "ImageNet-A", "ImageNetA", "imagenetadversarial", "200 classes, photographs that fool models",
     "imagenet-adversarial", "imagenet-a", "classnames.txt", DatasetLayout::imagenet_subset, {200, 0, 0, 7'500}},
    {"imagenet_r", "ImageNet-R", "ImageNetR", "imagenetrendition", "200 classes, art, cartoons, toys",
     "imagenet-rendition", "imagenet-r", "classnames.txt", DatasetLayout::imagenet_subset, {200, 0, 0, 30'000}},
}};
// clang-format on

/// The data set with that name, title, Dassl name or folder, in upper or lower case, with or without `_` and `-`; null
/// if there is none.
const NamedDataset* find_named(std::string_view name);

/// As `find_named`. **Throws** `OptionError` that lists the names if there is none.
const NamedDataset& named_dataset(std::string_view name);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/registry.ipp>
#endif
