// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <system_error>
#include <thread>

#include <mao/data/detail/native_path.hpp>
#include <mao/data/unread_files.hpp>
#include <mao/io/text_file.hpp>

#include "data/readable_images.hpp"
#include "datasets/check_files.hpp"
#include "interrupt.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;
using namespace mao;

/// The images below a folder by name; links to folders are not followed, and counted.
std::vector<std::string> images_below(const std::string& folder) {
  std::vector<std::string> inside;
  UnreadFiles unread;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code no_file;
    if (entry->is_symlink(no_file) && entry->is_directory(no_file)) {
      ++unread.counts["links to folders"][printable(folder)];
    }
    if (!entry->is_regular_file(no_file)) continue;
    if (detail::is_image_name(entry->path())) {
      inside.push_back(entry->path().string());
    } else {
      ++unread.counts[detail::kind_of_file(entry->path())][printable(folder)];
    }
  }
  require<FileError>(!failure, "cannot list ", folder, ": ", failure.message());
  constexpr const char* place = "in this folder and the folders below it";
  const std::string files = unread.description(place);
  require<DataError>(!inside.empty(), folder, ": no images in this folder or below it; expected ",
                     detail::image_suffixes(), files.empty() ? "" : "\n", files);
  for (const char* list : {".json", ".csv", ".tsv", ".txt"}) unread.counts.erase(list);  // lists of the pictures
  const std::string others = unread.description(place);
  if (!others.empty()) std::cerr << "mao: " << others << "\n";
  std::ranges::sort(inside);
  return inside;
}

}  // namespace

ReadableImages readable_images(const std::vector<std::string>& names, ImageCheck check, Transparency transparency) {
  std::vector<std::string> reasons(names.size());
  const auto cpus = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  detail::on_threads(names.size(), cpus, [&](std::size_t i) {
    expect_no_stop();
    reasons[i] = image_damage(names[i], check, transparency);
  });
  ReadableImages images;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (reasons[i].empty()) {
      images.names.push_back(names[i]);
    } else {
      images.damaged.push_back({names[i], reasons[i]});
    }
  }
  return images;
}

std::vector<std::string> images_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> images;
  for (const std::string& argument : arguments) {
    std::error_code no_folder;
    if (argument == "-") {
      const std::string text =
          without_byte_order_mark({std::istreambuf_iterator<char>(std::cin), {}}, "standard input");
      for (const std::string& line : lines_of(text)) {
        require<FormatError>(line.find('\0') == std::string::npos, "standard input: '", printable(line),
                             "' holds a zero byte; expected one path per line");
        if (!line.empty()) images.push_back(native_path({}, line));
      }
    } else if (fs::is_directory(argument, no_folder)) {
      const std::vector<std::string> inside = images_below(argument);
      images.insert(images.end(), inside.begin(), inside.end());
    } else {
      images.push_back(argument);
    }
  }
  require<DataError>(!images.empty(),
                     "no images given; give files, folders, or - with one path per line on the standard input");
  return images;
}

int report_damaged(const std::vector<DamagedImage>& damaged, std::size_t total) {
  if (damaged.empty()) return 0;
  std::cerr << "mao: ";
  if (total == 1) {
    std::cerr << "the image could not be read:\n";
  } else {
    std::cerr << damaged.size() << " of " << total << " images could not be read:\n";
  }
  for (const DamagedImage& image : damaged) {
    const bool named = image.reason.find(image.name) != std::string::npos;
    std::cerr << "  " << (named ? std::string() : printable(image.name) + ": ") << printable(image.reason) << "\n";
  }
  return 1;
}

}  // namespace mao_program
