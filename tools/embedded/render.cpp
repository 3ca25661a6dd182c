// SPDX-License-Identifier: Apache-2.0
/// \file
/// render-embedded: writes a task of the embedded world as PNG files with a split file in CoOp's format. `help` says
/// how.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <png.h>
#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/io/files.hpp>

namespace {

using namespace mao::embedded;

constexpr std::string_view help = R"(usage: render-embedded TASK FOLDER [IMAGES]

Writes the images of a task that comes with mao as PNG files, in a data set folder that `mao tune --data FOLDER` reads.

  TASK      sketch, shifted or disjoint
  FOLDER    gets images/train/LABEL/INDEX.png, images/test/LABEL/INDEX.png, and split_zhou_TASK.json, a split file in
            CoOp's format with the names of the classes; the first half of the labels are the base classes
  IMAGES    maximum number of images per class, for training and for testing (default: 16 and 40)

example: render-embedded sketch pictures && mao tune --data pictures --mao --out run
)";

void write_png(const std::filesystem::path& path, const mao::Image& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  const int written = png_image_write_to_file(&header, path.c_str(), 0, image.pixels.data(), 0, nullptr);
  mao::require<mao::FileError>(written != 0, "cannot write ", path.string(), ": ", header.message);
}

/// Writes one half's pictures of one split; returns its [path, label, class] rows.
nlohmann::json write_half(const Task& task, Half half, Split split, std::int64_t most,
                          const std::filesystem::path& folder) {
  const std::string part = split == Split::Train ? "train" : "test";
  const std::int64_t first = half == Half::Base ? 0 : std::ssize(task.base_classes);
  const auto names = task.class_names(half);
  nlohmann::json rows = nlohmann::json::array();
  for (std::int64_t label = 0; label < std::ssize(names); ++label) {
    const auto inside = std::filesystem::path(part) / std::to_string(first + label);
    std::filesystem::create_directories(folder / "images" / inside);
    for (std::int64_t index = 0; index < std::min(task.images(split), most); ++index) {
      const auto file = inside / (std::to_string(index) + ".png");
      write_png(folder / "images" / file, render(task, half, split, label, index));
      rows.push_back({file.string(), first + label, names[static_cast<std::size_t>(label)]});
    }
  }
  return rows;
}

/// Says what it wrote.
void write_task(const Task& task, std::int64_t most, const std::filesystem::path& folder) {
  nlohmann::json split = {{"val", nlohmann::json::array()}};
  for (const auto& [part, which] : {std::pair{"train", Split::Train}, std::pair{"test", Split::Test}}) {
    split[part] = write_half(task, Half::Base, which, most, folder);
    for (auto& row : write_half(task, Half::New, which, most, folder)) split[part].push_back(std::move(row));
  }
  const std::filesystem::path list = folder / ("split_zhou_" + task.name + ".json");
  mao::write_file_atomically(list, [&](std::ostream& out) { out << split.dump() << '\n'; });
  std::cout << "wrote " << split["train"].size() << " images for training and " << split["test"].size()
            << " for testing, of " << task.base_classes.size() << " base and " << task.new_classes.size()
            << " new classes, in " << (folder / "images").string() << "\nwrote " << list.string()
            << ", the list of them\nNext: mao tune --data " << folder.string() << " --mao --out run\n";
}

}  // namespace

int main(int count, char** values) try {
  const std::string_view first = count > 1 ? values[1] : "";
  if (first == "--help" || first == "-h") {
    std::cout << help;
    return 0;
  }
  mao::require<mao::OptionError>(count == 3 || count == 4,
                                 "expected TASK FOLDER [IMAGES]; `render-embedded --help` explains them");
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (count == 4) {
    const std::string_view text = values[3];
    const auto [end, error] = std::from_chars(text.begin(), text.end(), most);
    mao::require<mao::OptionError>(error == std::errc{} && end == text.end() && most > 0, "IMAGES is '", text,
                                   "'; expected a number of pictures from 1");
  }
  write_task(task(values[1]), most, values[2]);
} catch (const std::exception& failure) {
  std::cerr << "render-embedded: " << failure.what() << '\n';
  return 1;
}
