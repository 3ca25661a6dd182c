// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/imagenet_templates.hpp>

#include <algorithm>
#include <set>

#include <support/catch.hpp>

TEST_CASE("there are 60 different ImageNet templates, sentences with one place for a name", "[templates]") {
  const auto templates = mao::imagenet_templates();
  CHECK(templates.size() == 60);
  CHECK(std::set<std::string>(templates.begin(), templates.end()).size() == 60);
  CHECK(templates.front() == "a photo of a {}.");
  for (const std::string& text : templates) {
    CAPTURE(text);
    CHECK(text.ends_with("."));
    CHECK(text.find("{}") != std::string::npos);
    CHECK(text.find("{}") == text.rfind("{}"));
    CHECK(text.find("  ") == std::string::npos);
  }
}

TEST_CASE("the ImageNet templates count as published: photographs, looks, media, things", "[templates]") {
  const auto templates = mao::imagenet_templates();
  const auto number = [&](const std::string& begin) {
    return std::count_if(templates.begin(), templates.end(), [&](const auto& text) { return text.starts_with(begin); });
  };
  const auto having = [&](const std::string& part) {
    return std::count_if(templates.begin(), templates.end(),
                         [&](const auto& text) { return text.find(part) != std::string::npos; });
  };
  CHECK(number("a photo of ") == 15);
  CHECK(having(" photo of ") == 15 + 18);
  CHECK(having("sculpture of") + having("rendering of") + having("painting of") + having("doodle of") +
            having("sketch of") + having("rendition of") + having("tattoo of") + having("drawing of") ==
        14);
  CHECK(number("graffiti of") + number("art of") + number("itap of") == 3);
  CHECK(having("embroidered") + having("plastic") + having("origami") + having("toy") + having("cartoon") == 8);
  CHECK(having("in a video game") == 2);
}
