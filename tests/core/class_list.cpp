// SPDX-License-Identifier: Apache-2.0
#include <mao/core/class_list.hpp>

#include <support/catch.hpp>

TEST_CASE("class names read as prompts spell them") {
  CHECK(mao::readable("Annual_Crop_Land") == "Annual Crop Land");
  CHECK(mao::readable("cat").size() == 3);
  CHECK(mao::readable("").empty());
}

TEST_CASE("all candidates are every class in order") {
  CHECK(mao::Candidates::all(4).ids == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(mao::Candidates::all(0).size() == 0);
  CHECK(mao::Candidates::all(3) == mao::Candidates{{0, 1, 2}});
}

TEST_CASE("class lists compare by their names") {
  CHECK(mao::ClassList{{"cat", "dog"}} == mao::ClassList{{"cat", "dog"}});
  CHECK_FALSE(mao::ClassList{{"cat", "dog"}} == mao::ClassList{{"dog", "cat"}});
  CHECK(mao::ClassList{{"cat", "dog"}}.size() == 2);
}

TEST_CASE("a list is the same whether or not it may repeat names", "[class_list]") {
  CHECK(mao::ClassList{{"cat", "cat"}, mao::SameNames::accept} == mao::ClassList{{"cat", "cat"}});
}
