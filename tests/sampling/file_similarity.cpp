// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/file_similarity.hpp>

#include <mao/core/error.hpp>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::FileSimilarity;
using mao::FormatError;

namespace {

constexpr auto json_table = R"({"names": ["maine_coon", "pug", "grille, radiator"],
  "similarity": [[1, 0.25, 0.125], [0.5, 1, 0], [-0.5, 0, 1]]})";
constexpr auto csv_table =
    "name,maine_coon,pug,\"grille, radiator\"\r\nmaine_coon,1,0.25,0.125\r\npug,0.5,1,0\r\n"
    "\"grille, radiator\",-0.5,0,1\r\n";

}  // namespace

TEST_CASE("JSON and CSV tables give the cosines of the names asked for", "[sampling]") {
  const mao_test::TemporaryFolder folder;
  const std::string mark = "\xEF\xBB\xBF";
  for (const auto& path :
       {folder.write("table.json", json_table), folder.write("table.csv", csv_table),
        folder.write("marked.json", mark + json_table), folder.write("marked.csv", mark + csv_table)}) {
    const FileSimilarity similarity(path);
    const Eigen::MatrixXf found = similarity({"grille, radiator", "maine coon"}, {"pug", "maine_coon"});
    CHECK(found == (Eigen::Matrix2f() << 0, -0.5, 0.25, 1).finished());
  }
}

TEST_CASE("a name that the table lacks is named", "[sampling]") {
  const mao_test::TemporaryFolder folder;
  const FileSimilarity similarity(folder.write("table.json", json_table));
  CHECK_THROWS_AS(similarity({"pug"}, {"beagle"}), mao::DataError);
  CHECK_THROWS_WITH(similarity({"beagle"}, {"pug"}), ContainsSubstring("no class 'beagle' among its 3 names"));
}

TEST_CASE("files that are no such table are refused", "[sampling]") {
  const mao_test::TemporaryFolder folder;
  const auto refuses = [&](const char* name, const char* content) {
    CAPTURE(content);
    CHECK_THROWS_AS(FileSimilarity(folder.write(name, content)), FormatError);
  };
  CHECK_THROWS_AS(FileSimilarity(folder / "absent.json"), mao::FileError);
  refuses("t.json", "");
  refuses("t.json", "[1, 2]");
  refuses("t.json", R"({"names": ["a"]})");
  refuses("t.json", R"({"names": [], "similarity": []})");
  refuses("t.json", R"({"names": ["a", "b"], "similarity": [[1, 0]]})");
  refuses("t.json", R"({"names": ["a", "b"], "similarity": [[1, 0], [0]]})");
  refuses("t.json", R"({"names": ["a", "b"], "similarity": [[1, 0], [0, "x"]]})");
  refuses("t.json", R"({"names": ["a_b", "a b"], "similarity": [[1, 0], [0, 1]]})");
  refuses("t.csv", "");
  refuses("t.csv", "name\n");
  refuses("t.csv", "name,a,b\na,1,0\n");
  refuses("t.csv", "name,a,b\nb,0,1\na,1,0\n");
  refuses("t.csv", "name,a\na,one\n");
  refuses("t.csv", "name,a\na,nan\n");
  refuses("t.csv", "name,a\na,1\na,1\n");
}
