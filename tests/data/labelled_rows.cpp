// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/labelled_rows.hpp>

#include <support/catch.hpp>

TEST_CASE("the name of a label may not change from row to row", "[labelled_rows]") {
  mao::detail::LabelledRows rows;
  rows.train = {{"1.jpg", 4, "elk"}, {"2.jpg", 3, "emu"}};
  rows.test = {{"3.jpg", 4, "elk"}};
  CHECK(mao::detail::dataset_of("root", rows, "f").classes.names == std::vector<std::string>{"emu", "elk"});
  rows.val = {{"4.jpg", 3, "eel"}};
  CHECK_THROWS_WITH(mao::detail::dataset_of("root", rows, "f"),
                    ContainsSubstring("f: label 3 is 'emu'") && ContainsSubstring("4.jpg"));
}
