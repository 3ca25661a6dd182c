// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/imagenet_templates.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::vector<std::string> imagenet_templates() {
  std::vector<std::string> templates;
  const auto add = [&](const std::string& text) { templates.push_back(text + "."); };
  const auto both_articles = [&](const std::string& begin) {
    for (const char* article : {"a", "the"}) add(begin + " of " + article + " {}");
  };
  for (const char* which : {"a", "many", "the hard to see", "a hard to see", "a clean", "a dirty", "my", "the cool",
                            "the dirty", "the", "one", "the clean", "a large", "a nice", "a weird"}) {
    add(std::string("a photo of ") + which + " {}");
  }
  for (const char* look : {"bad", "low resolution", "cropped", "bright", "close-up", "pixelated", "blurry"}) {
    both_articles(std::string("a ") + look + " photo");
  }
  for (const char* look : {"dark", "black and white", "good"}) add(std::string("a ") + look + " photo of the {}");
  add("a jpeg corrupted photo of a {}");
  for (const char* medium : {"sculpture", "rendering", "painting", "doodle", "sketch", "rendition"}) {
    both_articles(std::string("a ") + medium);
  }
  for (const char* other :
       {"a tattoo of a {}", "a drawing of a {}", "graffiti of a {}", "art of a {}", "itap of the {}",
        "a {} in a video game", "the {} in a video game", "a cartoon {}", "the toy {}"}) {
    add(other);
  }
  for (const char* material : {"embroidered", "plastic", "origami"}) {
    for (const char* article : {"a", "the"}) add(std::string(article) + " " + material + " {}");
  }
  return templates;
}

}  // namespace mao
