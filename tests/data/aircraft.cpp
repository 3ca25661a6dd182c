// SPDX-License-Identifier: Apache-2.0
#include <mao/data/aircraft.hpp>

#include <mao/core/error.hpp>

#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

namespace {

void write_lists(const mao_test::TemporaryFolder& folder) {
  folder.write("variants.txt", "F/A-18\r\nDR-400\nBAE 146-200\n");
  folder.write("images_variant_train.txt", "0000002 BAE 146-200\n0000001 F/A-18\n0000007 DR-400 \n");
  folder.write("images_variant_val.txt", "0000003 DR-400\n");
  folder.write("images_variant_test.txt", "0000004 F/A-18\n\n");
}

}  // namespace

TEST_CASE("aircraft labels follow variants.txt, and variants may hold blanks", "[aircraft]") {
  const mao_test::TemporaryFolder folder;
  write_lists(folder);
  const auto dataset = mao::read_aircraft(folder.path());
  CHECK(dataset.root == folder / "images");
  CHECK(dataset.classes.names == std::vector<std::string>{"F/A-18", "DR-400", "BAE 146-200"});
  CHECK(dataset.train == std::vector<mao::Item>{{"0000002.jpg", 2}, {"0000001.jpg", 0}, {"0000007.jpg", 1}});
  CHECK(dataset.val == std::vector<mao::Item>{{"0000003.jpg", 1}});
  CHECK(dataset.test == std::vector<mao::Item>{{"0000004.jpg", 0}});
}

TEST_CASE("aircraft lists that do not fit are refused by file and line", "[aircraft]") {
  const mao_test::TemporaryFolder folder;
  write_lists(folder);
  const auto read = [&] { return mao::read_aircraft(folder.path()); };
  folder.write("images_variant_test.txt", "0000004 F/A-18\n0000005 Tu-154\n");
  CHECK_THROWS_WITH(read(), ContainsSubstring("images_variant_test.txt: line 2") && ContainsSubstring("'Tu-154'"));
  CHECK_THROWS_AS(read(), mao::DataError);
  folder.write("images_variant_test.txt", "0000004\n");
  CHECK_THROWS_AS(read(), mao::FormatError);
  std::filesystem::remove(folder / "images_variant_test.txt");
  CHECK_THROWS_AS(read(), mao::FileError);
}
