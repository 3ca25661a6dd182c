// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/html_entities.hpp>

#include <algorithm>

#include <support/catch.hpp>

using mao::detail::html_entities;

TEST_CASE("names are sorted, differ, and are not longer than the search looks") {
  for (std::size_t i = 0; i < html_entities.size(); ++i) {
    if (i > 0) CHECK(html_entities[i - 1].name < html_entities[i].name);
    CHECK((html_entities[i].name.size() >= 2 && html_entities[i].name.size() <= 8));
    CHECK(html_entities[i].value > 0x20);
  }
  const auto latin = [](const auto& entity) { return entity.value >= 0xA0 && entity.value <= 0xFF; };
  CHECK(std::count_if(html_entities.begin(), html_entities.end(), latin) == 96 + 2);
}
