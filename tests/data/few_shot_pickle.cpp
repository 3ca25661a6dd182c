// SPDX-License-Identifier: Apache-2.0
#include <mao/data/few_shot_pickle.hpp>

#include <string>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <vector>

namespace {

/// The data set that the golden draws (golden/make_pickles.py) are of.
mao::Dataset tiny() {
  mao::Dataset dataset;
  dataset.root = "DATA/tiny/images";
  dataset.classes.names = {"ant", "bee"};
  dataset.train = {{"1.jpg", 0}, {"a/1.jpg", 0}, {"b/1.jpg", 1}, {"b/2.jpg", 1}};
  dataset.val = {{"a/9.jpg", 0}};
  dataset.test = {{"a/5.jpg", 0}};
  return dataset;
}

mao::FewShot draw(int protocol, const mao::Dataset& dataset) {
  return mao::read_few_shot_pickle(mao_test::image_golden("few_shot_" + std::to_string(protocol) + ".pkl"), dataset);
}

}  // namespace

TEST_CASE("a saved draw is found by the longest end of each path, in its order", "[few_shot_pickle]") {
  for (const int protocol : {4, 5}) {
    const auto drawn = draw(protocol, tiny());
    CHECK(drawn.train == std::vector<mao::Item>{{"b/2.jpg", 1}, {"a/1.jpg", 0}});
    CHECK(drawn.val == std::vector<mao::Item>{{"a/9.jpg", 0}});
  }
  CHECK(mao::few_shot_file_name(16, 1) == "shot_16-seed_1.pkl");
}

TEST_CASE("a draw of another split is refused with the image named", "[few_shot_pickle]") {
  auto without = tiny();
  without.train.pop_back();
  CHECK_THROWS_WITH(draw(4, without), ContainsSubstring("train[0]") && ContainsSubstring("/b/2.jpg") &&
                                          ContainsSubstring("DATA/tiny/images"));
  CHECK_THROWS_AS(draw(4, without), mao::DataError);
  auto tested = tiny();
  std::swap(tested.train.back(), tested.test.front());
  CHECK_THROWS_WITH(draw(4, tested), ContainsSubstring("which is a test image"));
  auto other = tiny();
  other.train.back().label = 0;
  CHECK_THROWS_WITH(draw(4, other), ContainsSubstring("label 1 ('bee')") && ContainsSubstring("it is 0 ('ant')"));
}

TEST_CASE("a draw whose class names would make other prompts is refused, unless the classes are renamed",
          "[few_shot_pickle]") {
  auto renamed = tiny();
  renamed.classes.names = {"emmet", "bee"};
  CHECK_THROWS_WITH(draw(4, renamed), ContainsSubstring("'ant'") && ContainsSubstring("calls 'emmet'") &&
                                          ContainsSubstring("--classnames"));
  const auto file = mao_test::image_golden("few_shot_4.pkl");
  CHECK(mao::read_few_shot_pickle(file, renamed, mao::DrawNames::Any).train.size() == 2);
  renamed.classes.names = {"Ant", "bee"};  // the same in a prompt
  CHECK(draw(4, renamed).train.size() == 2);
}

TEST_CASE("a draw without an image of some class is refused", "[few_shot_pickle]") {
  auto more = tiny();
  more.classes.names.push_back("cow");
  more.train.push_back({"c/1.jpg", 2});
  CHECK_THROWS_WITH(draw(4, more), ContainsSubstring("\"train\" has no image of the class 'cow' (label 2)") &&
                                       ContainsSubstring("DATA/tiny/images"));
  CHECK_THROWS_AS(draw(5, more), mao::DataError);
}

TEST_CASE("what is no saved draw is refused", "[few_shot_pickle]") {
  const auto parse = [](const std::string& bytes) { return mao::parse_few_shot_pickle(bytes, "s.pkl", tiny()); };
  CHECK_THROWS_AS(parse(std::string("\x80\x04]\x2e", 4)), mao::FormatError);
  CHECK_THROWS_WITH(parse(std::string("\x80\x04}\x2e", 4)),
                    ContainsSubstring("s.pkl") && ContainsSubstring("\"train\""));
  const auto file = mao_test::file_bytes(mao_test::image_golden("few_shot_4.pkl"));
  for (std::size_t length = 1; length < file.size(); length += 7) {
    CHECK_THROWS_AS(parse(std::string(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length))),
                    mao::FormatError);
  }
}
