// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/unread_files.hpp>

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/data/folder.hpp>

namespace mao {

MAO_INLINE std::size_t UnreadFiles::total() const {
  std::size_t sum = 0;
  for (const auto& [kind, classes] : counts) {
    for (const auto& [name, count] : classes) sum += count;
  }
  return sum;
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE std::string kind_of_file(const std::filesystem::path& path) {
  std::string suffix = path.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return suffix.empty() ? "without a suffix" : escaped(suffix);
}

MAO_INLINE std::size_t files_below(const std::filesystem::path& folder) {
  std::error_code failure;
  std::size_t count = 0;
  for (std::filesystem::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code no_such_file;
    count += entry->is_regular_file(no_such_file) ? 1 : 0;
  }
  return count;
}

/// Adds what one class folder holds besides its pictures.
MAO_INLINE void count_unread(const std::filesystem::path& folder, const std::string& name, UnreadFiles& unread) {
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::filesystem::path& path = entry->path();
    std::error_code no_such_file;
    if (path.filename().string().starts_with('.')) {
      if (is_image_name(path) && entry->is_regular_file(no_such_file)) ++unread.counts["hidden"][name];
      continue;
    }
    if (entry->is_symlink(no_such_file) && entry->is_directory(no_such_file)) {
      ++unread.counts["links to folders"][name];
    } else if (entry->is_directory(no_such_file)) {
      if (const std::size_t below = files_below(path); below > 0) unread.counts["in deeper folders"][name] += below;
    } else if (!is_image_name(path)) {
      ++unread.counts[kind_of_file(path)][name];
    }
  }
}

/// Adds the pictures directly in hidden folders, which are not classes: an editor's, or one named so by mistake.
MAO_INLINE void count_hidden(const std::filesystem::path& folder, UnreadFiles& unread) {
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    std::error_code no_folder, cannot_list;
    if (!name.starts_with('.') || !entry->is_directory(no_folder)) continue;
    std::size_t pictures = 0;
    for (std::filesystem::directory_iterator file(entry->path(), cannot_list), last; !cannot_list && file != last;
         file.increment(cannot_list)) {
      pictures += is_image_name(file->path()) ? 1 : 0;
    }
    if (pictures > 0) unread.counts["in hidden folders"][escaped(name)] += pictures;
  }
}

/// `red 2, blue 1`, at most five of them.
MAO_INLINE std::string counts_text(const std::map<std::string, std::size_t>& classes) {
  constexpr std::size_t most = 5;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [name, count] : classes) {
    if (shown++ == most) return text_of(text, ", ", classes.size() - most, " more classes");
    text += text_of(text.empty() ? "" : ", ", name, " ", count);
  }
  return text;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string UnreadFiles::description(std::string_view place) const {
  std::string text;
  for (const auto& [kind, classes] : counts) {
    std::size_t sum = 0;
    for (const auto& [name, count] : classes) sum += count;
    text += text_of(text.empty() ? "" : ", ", sum, " ", kind, " (", detail::counts_text(classes), ")");
  }
  if (text.empty()) return {};
  return text_of(total(), total() == 1 ? " file is" : " files are", " not read: ", text,
                 "; what is read: ", detail::image_suffixes(), " ", place);
}

MAO_INLINE UnreadFiles unread_files(const std::filesystem::path& root) {
  UnreadFiles unread;
  const std::string train = detail::split_folder(root, detail::train_names());
  std::vector<std::string> splits{train};
  for (const auto& names : {detail::val_names(), detail::test_names()}) {
    if (train.empty()) break;
    if (std::string folder = detail::split_folder(root, names); !folder.empty()) splits.push_back(std::move(folder));
  }
  for (const std::string& folder : train.empty() ? std::vector<std::string>() : detail::names_in(root, true)) {
    const bool is_split = std::ranges::find(splits, folder) != splits.end();
    const std::size_t below = is_split ? 0 : detail::files_below(root / folder);
    if (below > 0) unread.counts["beside the split folders"][escaped(folder)] = below;
  }
  for (const std::string& split : splits) {
    detail::count_hidden(root / split, unread);
    for (const std::string& name : detail::names_in(root / split, true)) {
      detail::count_unread(root / split / name, escaped(name), unread);
    }
    for (const std::string& image : detail::names_in(root / split, false)) {
      const std::string folder = split.empty() ? root.filename().string() : split;
      ++unread.counts[text_of(detail::kind_of_file(image), " beside the class folders")][escaped(folder)];
    }
  }
  return unread;
}

}  // namespace mao
